"""Files, batches, fine-tuning, vector stores and image edits by the official Python SDK, one line a claim.

    python resources.py GATEWAY_URL KEY PROVIDER_URL

Exits with 1 if a claim fails. The gateway runs with resources.yaml of this folder, the provider is account.py.
"""

import base64
import json
import sys
import traceback

import openai

GATEWAY, KEY, PROVIDER = sys.argv[1:4]
LINE = b'{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"m"}}\n'
client = openai.OpenAI(base_url=GATEWAY + "/v1", api_key=KEY, max_retries=0, timeout=30)
azure = openai.OpenAI(base_url=GATEWAY + "/azure/v1", api_key=KEY, max_retries=0, timeout=30)
CLAIMS = []


def claim(function):
    CLAIMS.append(function)
    return function


def equal(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def raised(status, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except openai.APIStatusError as error:
        equal(error.status_code, status)
        return error
    raise AssertionError(f"no error, want {status}")


def upload(to=client, content=LINE, purpose="batch", **more):
    return to.files.create(file=("a.jsonl", content), purpose=purpose, **more)


@claim
def a_file_goes_up_comes_back_and_goes_away():
    file = upload(content=b"x" * 300_000, purpose="user_data", expires_after={"anchor": "created_at", "seconds": 3600})
    equal((file.bytes, file.filename, file.purpose), (300_000, "a.jsonl", "user_data"))
    equal(file.extra, ["expires_after[anchor]", "expires_after[seconds]"])
    equal(client.files.content(file.id).read(), b"x" * 300_000)
    equal(client.files.retrieve(file.id).id, file.id)
    assert file.id in [listed.id for listed in client.files.list(purpose="user_data", limit=10)]
    equal(client.files.delete(file.id).deleted, True)
    raised(404, client.files.retrieve, file.id)


@claim
def each_provider_has_files_of_its_own():
    file = upload(azure)
    equal(azure.files.retrieve(file.id).id, file.id)
    raised(404, client.files.retrieve, file.id)
    by_header = {"custom-llm-provider": "azure"}
    equal(client.files.retrieve(file.id, extra_headers=by_header).id, file.id)
    equal(client.files.retrieve(file.id, extra_query={"custom_llm_provider": "azure"}).id, file.id)


@claim
def what_was_made_for_a_model_is_found_again_by_its_id():
    file = upload(extra_body={"model": "batch-model"})
    equal(client.files.content(file.id).read(), LINE)
    asked = {"input_file_id": file.id, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    batch = client.batches.create(**asked)
    equal(batch.input_file_id, file.id)
    equal(client.batches.retrieve(batch.id).id, batch.id)
    equal(client.files.content(batch.output_file_id).read(), LINE.upper())
    equal(client.batches.cancel(batch.id).status, "cancelled")
    listed = client.batches.list(extra_query={"model": "batch-model"})
    assert batch.id in [item.id for item in listed.data]
    equal(client.files.delete(file.id).deleted, True)


@claim
def a_batch_of_azure_is_made_where_its_file_is():
    file = upload(extra_headers={"x-litellm-model": "azure-model"})
    asked = {"input_file_id": file.id, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    equal(client.batches.create(**asked).status, "completed")


@claim
def fine_tuning_jobs_run_in_their_account():
    file = upload(purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file.id)
    equal((job.model, client.fine_tuning.jobs.retrieve(job.id).id), ("gpt-4o-mini", job.id))
    assert job.id in [item.id for item in client.fine_tuning.jobs.list(limit=5).data]
    equal(client.fine_tuning.jobs.list_events(job.id).data, [])
    equal(client.fine_tuning.jobs.checkpoints.list(job.id).data, [])
    equal(client.fine_tuning.jobs.cancel(job.id).status, "cancelled")


@claim
def a_vector_store_holds_files():
    file = upload(content=b"the text", purpose="assistants", extra_body={"model": "batch-model"})
    own = {"extra_query": {"model": "batch-model"}}
    store = client.vector_stores.create(name="n", extra_body={"model": "batch-model"})
    entry = client.vector_stores.files.create(store.id, file_id=file.id, **own)
    equal(entry.status, "completed")
    equal(client.vector_stores.search(store.id, query="q", **own).data[0].content[0].text, "the text")
    equal(client.vector_stores.update(store.id, name="m", **own).name, "m")
    equal([item.id for item in client.vector_stores.files.list(store.id, **own)], [entry.id])
    equal(client.vector_stores.files.retrieve(entry.id, vector_store_id=store.id, **own).id, entry.id)
    equal(client.vector_stores.files.delete(entry.id, vector_store_id=store.id, **own).deleted, True)
    assert store.id in [item.id for item in client.vector_stores.list(**own)]
    equal(client.vector_stores.delete(store.id, **own).deleted, True)
    raised(404, client.vector_stores.retrieve, store.id, **own)


@claim
def images_are_edited():
    images = [("a.png", b"one"), ("b.png", b"two")]
    answer = client.images.edit(model="image", prompt="p", image=images, mask=("m.png", b"mask"), n=2)
    said = json.loads(base64.b64decode(answer.data[0].b64_json))
    want = [["image[]", "one"], ["image[]", "two"], ["mask", "mask"], ["model", "gpt-image-1"], ["n", "2"], ["prompt", "p"]]
    equal(sorted(said), sorted(want))
    single = client.images.edit(model="image", prompt="p", image=("a.png", b"one"))
    assert ["model", "gpt-image-1"] in json.loads(base64.b64decode(single.data[0].b64_json))
    raised(400, client.images.edit, model="nope", prompt="p", image=("a.png", b"one"))


@claim
def what_cannot_be_done_is_refused():
    assert "Invalid purpose: x" in raised(400, upload, purpose="x").message
    assert "line 1 is not valid JSON" in raised(400, upload, content=b"no").message
    raised(400, upload, extra_body={"model": "nope"})
    raised(413, upload, content=b"x" * 1_100_000, purpose="user_data")
    raised(404, client.files.content, "file-none")
    raised(400, client.files.list, extra_query={"custom_llm_provider": "nosuch"})
    raised(400, client.batches.create, input_file_id=None, endpoint="x", completion_window="24h")
    other = openai.OpenAI(base_url=GATEWAY + "/v1", api_key="sk-other", max_retries=0)
    raised(400, other.files.list)


@claim
def content_that_breaks_off_is_noticed():
    file = upload(content=b"cut" + b"x" * 100_000, purpose="user_data")
    try:
        client.files.content(file.id).read()
    except openai.APIStatusError:
        raise
    except Exception as error:  # the connection's own error, whichever the SDK's transport has
        assert "incomplete" in str(error).lower() or "closed" in str(error).lower() or "connection" in str(error).lower()
        return
    raise AssertionError("half a file passed for a whole one")


failed = 0
for function in CLAIMS:
    try:
        function()
        print(f"ok    {function.__name__}")
    except Exception:
        failed += 1
        print(f"FAIL  {function.__name__}\n{traceback.format_exc()}")
sys.exit(1 if failed else 0)
