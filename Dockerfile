# docker build --tag get-an-identity .
#
# Three stages: styles and scripts, the binary, and what runs: the binary, its configuration and the
# certificates of public authorities, under a user of no rights. No secret passes through any layer;
# they come at run time, as files that IDENTITY__..__FILE variables name (config/production.toml).

FROM node:22.20.0-bookworm-slim AS assets
WORKDIR /src/crates/pages
COPY crates/pages/package.json crates/pages/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY crates/pages/assets assets
RUN npm run build

FROM rust:1.95.0-bookworm AS build
# The base image has a C compiler, pkg-config and OpenSSL's headers already; AWS-LC wants cmake.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends cmake \
    && rm -rf /var/lib/apt/lists/*
# rust-toolchain.toml says "stable"; the image's own toolchain is that, and no other is fetched.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY migrations migrations
COPY templates templates
# The program holds the list that ships.
COPY config/first-name-synonyms.csv config/
COPY tests tests
COPY crates crates
COPY --from=assets /src/crates/pages/dist crates/pages/dist
COPY --from=assets /src/crates/pages/node_modules/govuk-frontend crates/pages/node_modules/govuk-frontend
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release --package server \
    && cp target/release/get-an-identity /usr/local/bin/

FROM debian:12.12-slim
# libssl3: TLS to PostgreSQL. No versions, so that a rebuild brings security fixes.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=10001 --group=10001 --mode=0700 /app/data
WORKDIR /app
COPY config/default.toml config/production.toml config/
COPY --from=build /usr/local/bin/get-an-identity /usr/local/bin/
USER 10001:10001
ENV IDENTITY__ENVIRONMENT=production
EXPOSE 8080
# At stop the server finishes requests in flight: allow it http.drain and http.shutdown_grace.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["get-an-identity", "healthcheck"]
ENTRYPOINT ["get-an-identity"]
CMD ["serve"]
