"""Checks what can be checked of Dockerfile and docker-compose.yml without a Docker engine.

    python scripts/check_containers.py target/debug/get-an-identity

Every file that the Dockerfile copies exists and reaches the builder, every command that a container
runs is one that the binary has, every file that compose mounts exists or is made by
scripts/compose-secrets, and the configuration that each container gets is complete and right by the
binary's own `check-config`.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(sys.argv[1]).resolve()
problems = []


def expect(holds, problem):
    if not holds:
        problems.append(problem)


def instructions(dockerfile):
    text = dockerfile.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [line.split(None, 1) for line in lines]


def check_copies():
    sent = {
        line[1:].strip()
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    for name, rest in instructions(ROOT / "Dockerfile"):
        words = rest.split()
        if name != "COPY" or words[0].startswith("--from="):
            continue
        for source in words[:-1]:
            expect((ROOT / source).exists(), f"Dockerfile copies {source}, which does not exist")
            expect(
                source.split("/")[0] in sent,
                f"Dockerfile copies {source}, which .dockerignore keeps from the builder",
            )


def check_command(words, where):
    answer = subprocess.run([BINARY, *words, "--help"], capture_output=True, check=False)
    expect(answer.returncode == 0, f"{where}: the binary has no command {shlex.join(words)}")


def check_image_commands():
    for name, rest in instructions(ROOT / "Dockerfile"):
        if name == "CMD":
            check_command(json.loads(rest), "Dockerfile CMD")
        if name == "HEALTHCHECK":
            command = json.loads(rest[rest.index("CMD") + len("CMD"):])
            expect(command[0] == BINARY.name, f"HEALTHCHECK runs {command[0]}")
            check_command(command[1:], "Dockerfile HEALTHCHECK")


def check_service(name, service, secrets):
    """`secrets` maps a name to the file that stands for /run/secrets/<name> here."""
    for secret in service.get("secrets", []):
        expect(secret in secrets, f"{name}: no secret {secret} is defined")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            expect((ROOT / source).exists(), f"{name}: {source} does not exist")
    for variable, value in service.get("environment", {}).items():
        if str(value).startswith("/run/secrets/"):
            expect(
                Path(value).name in service.get("secrets", []),
                f"{name}: {variable} names a secret that the service is not given",
            )
    if service["image"] == "get-an-identity":
        check_command(service.get("command", ["serve"]), name)
        check_configuration(name, service["environment"], secrets)


def check_configuration(name, environment, secrets):
    settings = {key: str(value) for key, value in environment.items()}
    for key, value in settings.items():
        if value.startswith("/run/secrets/"):
            settings[key] = str(secrets.get(Path(value).name, value))
    answer = subprocess.run(
        [BINARY, "check-config"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    expect(answer.returncode == 0, f"{name}: check-config says\n{answer.stdout}{answer.stderr}")


def check_compose():
    compose = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    with tempfile.TemporaryDirectory() as made:
        subprocess.run([ROOT / "scripts/compose-secrets", made], check=True)
        secrets = {}
        for name, secret in compose["secrets"].items():
            secrets[name] = Path(made) / Path(secret["file"]).name
            expect(secrets[name].exists(), f"scripts/compose-secrets does not make {name}")
        for name, service in compose["services"].items():
            check_service(name, service, secrets)


check_copies()
check_image_commands()
check_compose()
for problem in problems:
    print(problem, file=sys.stderr)
sys.exit(1 if problems else 0)
