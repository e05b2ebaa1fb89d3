"""A provider's account with files, batches, jobs and vector stores, for the resources session. Knows no gateway.

    python3 account.py PORT        0 takes a free port; the first line printed is `listening on PORT`

Serves OpenAI's API under /v1 and Azure's under /openai, each with a memory of its own for every key. A file whose
content begins with `cut` breaks off half-way when it is read. Standard library only.
"""

import base64
import itertools
import json
import re
import sys
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NUMBERS = itertools.count(1)
ACCOUNTS = {}
PATHS = [
    ("GET", r"/files", "list_files"),
    ("POST", r"/files", "create_file"),
    ("GET", r"/files/([^/]+)", "get"),
    ("GET", r"/files/([^/]+)/content", "content"),
    ("DELETE", r"/(?:files|vector_stores)/([^/]+)", "delete"),
    ("GET", r"/batches", "list_batches"),
    ("POST", r"/batches", "create_batch"),
    ("GET", r"/batches/([^/]+)", "get"),
    ("POST", r"/batches/([^/]+)/cancel", "cancel"),
    ("GET", r"/fine_tuning/jobs", "list_jobs"),
    ("POST", r"/fine_tuning/jobs", "create_job"),
    ("GET", r"/fine_tuning/jobs/([^/]+)", "get"),
    ("POST", r"/fine_tuning/jobs/([^/]+)/cancel", "cancel"),
    ("GET", r"/fine_tuning/jobs/([^/]+)/(?:events|checkpoints)", "nothing"),
    ("GET", r"/vector_stores", "list_stores"),
    ("POST", r"/vector_stores", "create_store"),
    ("GET", r"/vector_stores/([^/]+)", "get"),
    ("POST", r"/vector_stores/([^/]+)", "update"),
    ("POST", r"/vector_stores/([^/]+)/search", "search"),
    ("GET", r"/vector_stores/([^/]+)/files", "store_files"),
    ("POST", r"/vector_stores/([^/]+)/files", "add_file"),
    ("GET", r"/vector_stores/([^/]+)/files/([^/]+)", "store_file"),
    ("DELETE", r"/vector_stores/([^/]+)/files/([^/]+)", "drop_file"),
    ("POST", r"(?:/deployments/[^/]+)?/images/edits", "edit_image"),
]


class Missing(Exception):
    pass


def page(items):
    ids = [item["id"] for item in items]
    first, last = (ids[0], ids[-1]) if ids else (None, None)
    return {"object": "list", "data": items, "first_id": first, "last_id": last, "has_more": False}


def of_kind(account, kind):
    return page([item for item in account["items"].values() if item["object"] == kind])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def serve(self):
        self.body = self.rfile.read(int(self.headers.get("content-length") or 0))
        key = self.headers.get("api-key") or self.headers.get("authorization", "")
        self.account = ACCOUNTS.setdefault(key, {"items": {}, "contents": {}, "in_store": {}})
        path = re.sub(r"^/(v1|openai)", "", self.path.split("?")[0])
        try:
            for method, pattern, name in PATHS:
                found = re.fullmatch(pattern, path)
                if found and method == self.command:
                    return self.answer(200, getattr(self, name)(*found.groups()))
            raise Missing(f"no route {self.command} {self.path}")
        except Missing as missing:
            message = f"No such object: {missing}"
            error = {"message": message, "type": "invalid_request_error", "param": "id", "code": None}
            self.answer(404, {"error": error})

    do_GET = do_POST = do_DELETE = serve

    def answer(self, status, value):
        if value is None:
            return
        is_bytes = isinstance(value, bytes)
        content = value if is_bytes else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/octet-stream" if is_bytes else "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if is_bytes and content.startswith(b"cut"):
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        self.wfile.write(content)

    def json(self):
        return json.loads(self.body or b"{}")

    def form(self):
        head = f"content-type: {self.headers['content-type']}\r\n\r\n".encode()
        parts = BytesParser().parsebytes(head + self.body).get_payload()
        names = [part.get_param("name", header="content-disposition") for part in parts]
        return [(name, part.get_filename(), part.get_payload(decode=True)) for name, part in zip(names, parts)]

    def keep(self, prefix, kind, **fields):
        item = {"id": f"{prefix}{next(NUMBERS)}", "object": kind, "created_at": 1764000000, **fields}
        self.account["items"][item["id"]] = item
        return item

    def get(self, id):
        if id not in self.account["items"]:
            raise Missing(id)
        return self.account["items"][id]

    def create_file(self):
        fields = {name: (filename, content) for name, filename, content in self.form()}
        filename, content = fields["file"]
        purpose = fields["purpose"][1].decode()
        extra = sorted(set(fields) - {"file", "purpose"})
        size = len(content)
        file = self.keep("file-", "file", filename=filename, purpose=purpose, bytes=size, status="processed", extra=extra)
        self.account["contents"][file["id"]] = content
        return file

    def list_files(self):
        return of_kind(self.account, "file")

    def content(self, id):
        self.get(id)
        return self.account["contents"][id]

    def delete(self, id):
        item = self.get(id)
        del self.account["items"][id]
        return {"id": id, "object": item["object"] + ".deleted", "deleted": True}

    def create_batch(self):
        asked = self.json()
        content = self.content(asked["input_file_id"])
        output = self.keep("file-", "file", filename="out.jsonl", purpose="batch_output", bytes=1, status="processed")
        self.account["contents"][output["id"]] = content.upper()
        return self.keep("batch_", "batch", status="completed", output_file_id=output["id"], error_file_id=None, **asked)

    def list_batches(self):
        return of_kind(self.account, "batch")

    def cancel(self, id):
        return {**self.get(id), "status": "cancelled"}

    def create_job(self):
        asked = self.json()
        self.get(asked["training_file"])
        fields = {"status": "queued", "organization_id": "org", "result_files": [], "seed": 1, "hyperparameters": {}}
        return self.keep("ftjob-", "fine_tuning.job", **fields, **asked)

    def list_jobs(self):
        return of_kind(self.account, "fine_tuning.job")

    def nothing(self, id):
        self.get(id)
        return page([])

    def create_store(self):
        return self.keep("vs_", "vector_store", status="completed", usage_bytes=0, **self.json())

    def update(self, id):
        self.get(id).update(self.json())
        return self.get(id)

    def list_stores(self):
        return of_kind(self.account, "vector_store")

    def files_of(self, id):
        self.get(id)
        return self.account["in_store"].setdefault(id, {})

    def add_file(self, id):
        file = self.get(self.json()["file_id"])["id"]
        entry = {"id": file, "object": "vector_store.file", "vector_store_id": id, "status": "completed"}
        self.files_of(id)[file] = {**entry, "created_at": 1764000000, "usage_bytes": 1}
        return self.files_of(id)[file]

    def store_files(self, id):
        return page(list(self.files_of(id).values()))

    def store_file(self, id, file):
        if file not in self.files_of(id):
            raise Missing(file)
        return self.files_of(id)[file]

    def drop_file(self, id, file):
        self.store_file(id, file)
        del self.files_of(id)[file]
        return {"id": file, "object": "vector_store.file.deleted", "deleted": True}

    def search(self, id):
        texts = [self.account["contents"][file].decode() for file in self.files_of(id)]
        data = [
            {"file_id": file, "filename": "a", "score": 1.0, "attributes": {}, "content": [{"type": "text", "text": text}]}
            for file, text in zip(self.files_of(id), texts)
        ]
        found = {"object": "vector_store.search_results.page", "search_query": [self.json()["query"]]}
        return {**found, "data": data, "has_more": False, "next_page": None}

    def edit_image(self):
        said = [(name, content.decode("latin-1")) for name, _, content in self.form()]
        image = base64.b64encode(json.dumps(said).encode()).decode()
        return {"created": 1764000000, "data": [{"b64_json": image}]}


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print(f"listening on {server.server_address[1]}", flush=True)
server.serve_forever()
