//! Embeds the templates and the compiled assets.
//!
//! Writes two tables to `OUT_DIR`: `templates.rs` (every `templates/**/*.hbs` by name) and
//! `assets.rs` (every stylesheet, script, icon and font under a name that holds the hash of its
//! content, with a gzip copy where that is smaller). `src/templates.rs` and `src/assets.rs`
//! include them. The compiled files come from `npm ci && npm run build` in this folder.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aws_lc_rs::digest;
use flate2::Compression;
use flate2::write::GzEncoder;

const FRONTEND: &str = "node_modules/govuk-frontend/dist/govuk";

fn main() -> ExitCode {
    match embed() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("cargo::error={problem}");
            ExitCode::FAILURE
        }
    }
}

fn embed() -> Result<(), String> {
    let out = PathBuf::from(env::var("OUT_DIR").map_err(|_| "OUT_DIR is not set")?);
    let here = env::current_dir().map_err(|fault| fault.to_string())?;
    println!("cargo::rerun-if-changed=build.rs");

    let templates = here.join("../../templates");
    write(&out.join("templates.rs"), &template_table(&templates)?)?;
    write(&out.join("assets.rs"), &asset_table(&here, &out)?)
}

/// `templates/journey/email.hbs` becomes `("journey/email", include_str!(..))`.
fn template_table(root: &Path) -> Result<String, String> {
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(root, &mut files).map_err(|fault| format!("{}: {fault}", root.display()))?;
    files.sort();

    let mut table = String::from("&[\n");
    for file in files {
        let relative = file.strip_prefix(root).unwrap_or(&file);
        let name = relative
            .with_extension("")
            .to_string_lossy()
            .replace('\\', "/");
        let _ = writeln!(
            table,
            "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../../templates/{name}.hbs\"))),"
        );
    }
    table.push(']');
    Ok(table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "hbs") {
            files.push(path);
        }
    }
    Ok(())
}

/// Fonts and images first, because the stylesheets name them by their hashed names.
fn asset_table(here: &Path, out: &Path) -> Result<String, String> {
    let mut assets = Assets {
        here,
        out,
        table: String::new(),
        hashed: BTreeMap::new(),
    };

    assets.add("Generic", "favicon.svg", "assets/favicon.svg")?;
    for (folder, names) in [
        (
            "images",
            [
                "favicon.ico",
                "favicon.svg",
                "govuk-icon-180.png",
                "govuk-crest.svg",
            ],
        ),
        (
            "fonts",
            [
                "light-94a07e06a1-v2.woff2",
                "light-f591b13f7d-v2.woff",
                "bold-b542beb274-v2.woff2",
                "bold-affa96571d-v2.woff",
            ],
        ),
    ] {
        for name in names {
            let source = format!("{FRONTEND}/assets/{folder}/{name}");
            assets.add("Govuk", &format!("{folder}/{name}"), &source)?;
        }
    }
    assets.add("Both", "start.js", "dist/start.js")?;
    assets.add("Both", "main.js", "dist/main.js")?;
    assets.add("Both", "provider.js", "dist/provider.js")?;
    assets.add("Both", "session.js", "dist/session.js")?;
    assets.add("Generic", "generic.css", "dist/generic.css")?;
    assets.add("Govuk", "govuk.css", "dist/govuk.css")?;

    let logo = govuk_logo(&assets.read(&format!(
        "{FRONTEND}/components/header/template-default.html"
    ))?)?;
    Ok(format!(
        "Embedded {{\n    files: &[\n{}    ],\n    govuk_logo: {logo:?},\n}}",
        assets.table
    ))
}

struct Assets<'a> {
    here: &'a Path,
    out: &'a Path,
    table: String,
    /// `images/govuk-crest.svg` -> `govuk-crest-0123456789abcdef.svg`
    hashed: BTreeMap<String, String>,
}

impl Assets<'_> {
    fn read(&self, source: &str) -> Result<Vec<u8>, String> {
        println!("cargo::rerun-if-changed={source}");
        fs::read(self.here.join(source)).map_err(|_| {
            format!("crates/pages/{source} is missing: run `make setup` to fetch and compile the styles and scripts")
        })
    }

    fn add(&mut self, brand: &str, name: &str, source: &str) -> Result<(), String> {
        let file = Path::new(name);
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let extension = file.extension().unwrap_or_default().to_string_lossy();
        let mut content = self.read(source)?;
        if extension == "css" {
            content = self.name_by_hash(content)?;
        }
        let hash = hex(digest::digest(&digest::SHA256, &content)
            .as_ref()
            .get(..8)
            .unwrap_or_default());
        let served = format!("{stem}-{hash}.{extension}");

        let plain = self.out.join(&served);
        fs::write(&plain, &content).map_err(|fault| format!("{}: {fault}", plain.display()))?;
        let gzip = match compressed(&content).map_err(|fault| fault.to_string())? {
            Some(bytes) => {
                let path = self.out.join(format!("{served}.gz"));
                fs::write(&path, bytes).map_err(|fault| format!("{}: {fault}", path.display()))?;
                format!("Some({})", included(&format!("{served}.gz")))
            }
            None => "None".to_owned(),
        };
        let content_type = content_type(&extension)?;
        let _ = writeln!(
            self.table,
            "        Asset {{ brand: AssetBrand::{brand}, source: {name:?}, name: {served:?}, \
             content_type: {content_type:?}, etag: \"W/\\\"{hash}\\\"\", plain: {}, gzip: {gzip} }},",
            included(&served)
        );
        self.hashed.insert(name.to_owned(), served);
        Ok(())
    }

    fn name_by_hash(&self, css: Vec<u8>) -> Result<Vec<u8>, String> {
        let mut css = String::from_utf8(css).map_err(|fault| fault.to_string())?;
        for (name, served) in &self.hashed {
            css = css.replace(&format!("/assets/{name}"), &format!("/assets/{served}"));
        }
        Ok(css.into_bytes())
    }
}

/// The logo stands inline in the header, so it is cut from the package's rendered example.
fn govuk_logo(header: &[u8]) -> Result<String, String> {
    let header = String::from_utf8_lossy(header);
    let start = header
        .find("<svg")
        .ok_or("govuk-frontend's header holds no <svg")?;
    let rest = header.get(start..).unwrap_or_default();
    let end = rest
        .find("</svg>")
        .ok_or("govuk-frontend's header holds no </svg>")?;
    Ok(rest
        .get(..end + "</svg>".len())
        .unwrap_or_default()
        .to_owned())
}

fn content_type(extension: &str) -> Result<&'static str, String> {
    match extension {
        "css" => Ok("text/css; charset=utf-8"),
        "js" => Ok("text/javascript; charset=utf-8"),
        "svg" => Ok("image/svg+xml"),
        "png" => Ok("image/png"),
        "ico" => Ok("image/x-icon"),
        "woff" => Ok("font/woff"),
        "woff2" => Ok("font/woff2"),
        other => Err(format!("no content type is known for .{other}")),
    }
}

fn included(file: &str) -> String {
    format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\"))")
}

/// `None` where gzip does not make it smaller (fonts and images are compressed already).
fn compressed(content: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    let gzip = encoder.finish()?;
    Ok((gzip.len() + 64 < content.len()).then_some(gzip))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn write(path: &Path, content: &str) -> Result<(), String> {
    fs::write(path, content).map_err(|fault| format!("{}: {fault}", path.display()))
}
