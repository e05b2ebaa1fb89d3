"""Prepares what LiteLLM needs to run with a database: its schema in PostgreSQL, and Prisma's Python client and engine.

The schema is the migrations of the package litellm-proxy-extras, applied in order to a database that serves as a
template: each scene gets a copy. Prisma's client is generated from LiteLLM's own schema.prisma by Prisma's own tool;
only the engine binary, which is in no package, is replaced by engine.js. Knows nothing of scenes.
"""
from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
HOME = os.environ.get("MANAGEMENT_HOME", "/tmp/tollgate-management")
PORT = int(os.environ.get("MANAGEMENT_POSTGRES_PORT", "7532"))
POSTGRES = os.environ.get("MANAGEMENT_POSTGRES_BIN", "/usr/lib/postgresql/15/bin")
NODE_PACKAGES = ("prisma@5.17.0", "@prisma/client@5.17.0", "@prisma/adapter-pg@5.17.0", "pg@8")
ENGINE = os.path.join(HERE, "engine.js")
TEMPLATE = "seed"


def url(name):
    return f"postgres://gw@127.0.0.1:{PORT}/{name}"


def folder_of(package):
    return os.path.dirname(importlib.util.find_spec(package).origin)


def environment():
    """What the process that runs LiteLLM needs beside DATABASE_URL."""
    return {"NODE_PATH": os.path.join(HOME, "node_modules"), "PRISMA_QUERY_ENGINE_BINARY": ENGINE,
            "DISABLE_SCHEMA_UPDATE": "true", "PYTHONPATH": os.path.join(HOME, "python")}


def install_client():
    target = os.path.join(HOME, "python", "prisma")
    if os.path.exists(os.path.join(target, "client.py")):
        return
    os.makedirs(HOME, exist_ok=True)
    subprocess.run(["npm", "install", "--silent", "--ignore-scripts", "--prefix", HOME, *NODE_PACKAGES], check=True)
    shutil.copytree(folder_of("prisma"), target, dirs_exist_ok=True)
    with open(os.path.join(folder_of("litellm"), "proxy", "schema.prisma")) as file:
        schema = file.read()
    provider = f"PYTHONPATH={HOME}/python {sys.executable} -m prisma"
    schema = schema.replace('provider = "prisma-client-py"', f'provider = "{provider}"\n  previewFeatures = ["driverAdapters"]')
    schema = "\n".join(line for line in schema.split("\n") if "binaryTargets" not in line)
    path = os.path.join(HOME, "schema.prisma")
    with open(path, "w") as file:
        file.write(schema)
    variables = {**os.environ, "CHECKPOINT_DISABLE": "1", "DATABASE_URL": url("none"), "PRISMA_QUERY_ENGINE_BINARY": ENGINE,
                 "PRISMA_QUERY_ENGINE_LIBRARY": ENGINE, "PRISMA_SCHEMA_ENGINE_BINARY": ENGINE, **{"NODE_PATH": f"{HOME}/node_modules"}}
    tool = os.path.join(HOME, "node_modules", "prisma", "build", "index.js")
    subprocess.run(["node", tool, "generate", "--schema", path], check=True, env=variables, cwd=HOME, stdout=subprocess.DEVNULL)


def client_first():
    """Must run before prisma is imported."""
    sys.path.insert(0, os.path.join(HOME, "python"))


def psql(name, *arguments, text=None):
    done = subprocess.run(["psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(PORT), "-U", "gw", name, *arguments],
                          input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout


def start():
    """PostgreSQL refuses to run as root, so root becomes the user postgres."""
    data = os.path.join(HOME, "postgres")
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if not os.path.exists(os.path.join(data, "PG_VERSION")):
        os.makedirs(data, exist_ok=True)
        if prefix:
            shutil.chown(data, "postgres")
        subprocess.run([*prefix, f"{POSTGRES}/initdb", "-D", data, "-A", "trust", "-U", "gw", "--no-sync", "-E", "UTF8"], check=True, stdout=subprocess.DEVNULL, cwd="/")
    options = f"-p {PORT} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data} -c fsync=off -c full_page_writes=off -c max_connections=200"
    subprocess.run([*prefix, f"{POSTGRES}/pg_ctl", "-D", data, "-w", "-l", f"{data}/log", "-o", options, "start"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")


def stop():
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, f"{POSTGRES}/pg_ctl", "-D", os.path.join(HOME, "postgres"), "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, cwd="/")


def migrations():
    root = os.path.join(folder_of("litellm_proxy_extras"), "migrations")
    for name in sorted(os.listdir(root)):
        path = os.path.join(root, name, "migration.sql")
        if os.path.exists(path):
            with open(path) as file:
                yield file.read()


def prepare_template():
    psql("postgres", "-c", f'DROP DATABASE IF EXISTS "{TEMPLATE}"')
    psql("postgres", "-c", f'CREATE DATABASE "{TEMPLATE}"')
    psql(TEMPLATE, text="\n;\n".join(migrations()))


def create(name):
    psql("postgres", "-c", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', "-c", f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')


def drop(name):
    psql("postgres", "-c", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
