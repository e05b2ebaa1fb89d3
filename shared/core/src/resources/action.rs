//! The table of resource calls: what each asks of the provider, and which family of accounts serves it.
//!
//! One row an action. Knows no address but the path below an account's base.

use http::Method;

/// One thing that can be asked about a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    CreateFile,
    ListFiles,
    RetrieveFile,
    FileContent,
    DeleteFile,
    CreateBatch,
    ListBatches,
    RetrieveBatch,
    CancelBatch,
    CreateFineTuningJob,
    ListFineTuningJobs,
    RetrieveFineTuningJob,
    CancelFineTuningJob,
    FineTuningEvents,
    FineTuningCheckpoints,
    CreateVectorStore,
    ListVectorStores,
    RetrieveVectorStore,
    UpdateVectorStore,
    DeleteVectorStore,
    SearchVectorStore,
    CreateVectorStoreFile,
    ListVectorStoreFiles,
    RetrieveVectorStoreFile,
    UpdateVectorStoreFile,
    DeleteVectorStoreFile,
    VectorStoreFileContent,
    CreateVideo,
    ListVideos,
    RetrieveVideo,
    VideoContent,
    RemixVideo,
    DeleteVideo,
    RetrieveResponse,
    DeleteResponse,
    CancelResponse,
    ResponseInputItems,
    CompactResponse,
    CountResponseTokens,
}

/// Which accounts a resource may live in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Files,
    Batches,
    FineTuning,
    VectorStores,
    Videos,
    /// No account's, but a model's.
    Responses,
}

/// What the client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    Nothing,
    Json,
    Form,
    /// Either of them.
    JsonOrForm,
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// LiteLLM's `call_type`, as in the log.
    pub call_type: &'static str,
    pub family: Family,
    pub method: Method,
    /// Below the account's base; each `{}` takes an id.
    pub path: &'static str,
    pub input: Input,
    /// Parameters of the query that are passed on.
    pub query: &'static [&'static str],
    /// Fields of the body without which nothing is asked.
    pub required: &'static [&'static str],
}

const NONE: &[&str] = &[];
const PAGE: &[&str] = &["after", "before", "limit", "order", "filter"];
const RESPONSE: &[&str] = &["include", "include_obfuscation", "starting_after"];
const ITEMS: &[&str] = &["after", "before", "include", "limit", "order"];
const FILE_PAGE: &[&str] = &["purpose", "after", "limit", "order"];

impl Action {
    /// Everything there is to know of the action.
    pub const fn row(self) -> Row {
        use Family::{Batches, Files, FineTuning, Responses, Videos};
        use Input::{Form, Json, JsonOrForm, Nothing};
        let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
        match self {
            Self::CreateFile => row("acreate_file", Files, post, "/files", Form),
            Self::ListFiles => row("afile_list", Files, get, "/files", Nothing).with_query(FILE_PAGE),
            Self::RetrieveFile => row("afile_retrieve", Files, get, "/files/{}", Nothing),
            Self::FileContent => row("afile_content", Files, get, "/files/{}/content", Nothing),
            Self::DeleteFile => row("afile_delete", Files, delete, "/files/{}", Nothing),
            Self::CreateBatch => row("acreate_batch", Batches, post, "/batches", Json).with_required(&[
                "input_file_id",
                "endpoint",
                "completion_window",
            ]),
            Self::ListBatches => row("alist_batches", Batches, get, "/batches", Nothing).with_query(PAGE),
            Self::RetrieveBatch => row("aretrieve_batch", Batches, get, "/batches/{}", Nothing),
            Self::CancelBatch => row("acancel_batch", Batches, post, "/batches/{}/cancel", Nothing),
            Self::CreateFineTuningJob => row("acreate_fine_tuning_job", FineTuning, post, "/fine_tuning/jobs", Json)
                .with_required(&["model", "training_file"]),
            Self::ListFineTuningJobs => {
                row("alist_fine_tuning_jobs", FineTuning, get, "/fine_tuning/jobs", Nothing).with_query(PAGE)
            }
            Self::RetrieveFineTuningJob => {
                row("aretrieve_fine_tuning_job", FineTuning, get, "/fine_tuning/jobs/{}", Nothing)
            }
            Self::CancelFineTuningJob => {
                row("acancel_fine_tuning_job", FineTuning, post, "/fine_tuning/jobs/{}/cancel", Nothing)
            }
            Self::FineTuningEvents => {
                row("alist_fine_tuning_events", FineTuning, get, "/fine_tuning/jobs/{}/events", Nothing)
                    .with_query(PAGE)
            }
            Self::FineTuningCheckpoints => {
                row("alist_fine_tuning_checkpoints", FineTuning, get, "/fine_tuning/jobs/{}/checkpoints", Nothing)
                    .with_query(PAGE)
            }
            Self::CreateVideo => row("avideo_generation", Videos, post, "/videos", JsonOrForm),
            Self::ListVideos => row("avideo_list", Videos, get, "/videos", Nothing).with_query(PAGE),
            Self::RetrieveVideo => row("avideo_status", Videos, get, "/videos/{}", Nothing),
            Self::VideoContent => {
                row("avideo_content", Videos, get, "/videos/{}/content", Nothing).with_query(&["variant"])
            }
            Self::RemixVideo => row("avideo_remix", Videos, post, "/videos/{}/remix", Json).with_required(&["prompt"]),
            Self::DeleteVideo => row("avideo_delete", Videos, delete, "/videos/{}", Nothing),
            Self::RetrieveResponse => {
                row("aget_responses", Responses, get, "/responses/{}", Nothing).with_query(RESPONSE)
            }
            Self::DeleteResponse => row("adelete_responses", Responses, delete, "/responses/{}", Nothing),
            Self::CancelResponse => row("acancel_responses", Responses, post, "/responses/{}/cancel", Nothing),
            Self::ResponseInputItems => {
                row("alist_input_items", Responses, get, "/responses/{}/input_items", Nothing).with_query(ITEMS)
            }
            Self::CompactResponse => row("acompact_responses", Responses, post, "/responses/compact", Json),
            Self::CountResponseTokens => {
                row("aresponses_input_tokens", Responses, post, "/responses/input_tokens", Json)
            }
            _ => self.vector_store_row(),
        }
    }

    /// The rows of vector stores.
    const fn vector_store_row(self) -> Row {
        use Family::VectorStores;
        use Input::{Json, Nothing};
        let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
        match self {
            Self::CreateVectorStore => row("avector_store_create", VectorStores, post, "/vector_stores", Json),
            Self::ListVectorStores => {
                row("avector_store_list", VectorStores, get, "/vector_stores", Nothing).with_query(PAGE)
            }
            Self::RetrieveVectorStore => row("avector_store_retrieve", VectorStores, get, STORE, Nothing),
            Self::UpdateVectorStore => row("avector_store_update", VectorStores, post, STORE, Json),
            Self::DeleteVectorStore => row("avector_store_delete", VectorStores, delete, STORE, Nothing),
            Self::SearchVectorStore => {
                row("avector_store_search", VectorStores, post, "/vector_stores/{}/search", Json)
                    .with_required(&["query"])
            }
            Self::CreateVectorStoreFile => {
                row("avector_store_file_create", VectorStores, post, STORE_FILES, Json).with_required(&["file_id"])
            }
            Self::ListVectorStoreFiles => {
                row("avector_store_file_list", VectorStores, get, STORE_FILES, Nothing).with_query(PAGE)
            }
            Self::RetrieveVectorStoreFile => row("avector_store_file_retrieve", VectorStores, get, STORE_FILE, Nothing),
            Self::UpdateVectorStoreFile => {
                row("avector_store_file_update", VectorStores, post, STORE_FILE, Json).with_required(&["attributes"])
            }
            Self::DeleteVectorStoreFile => row("avector_store_file_delete", VectorStores, delete, STORE_FILE, Nothing),
            // The only one that is left: `row` names every action of another family.
            _ => row("avector_store_file_content", VectorStores, get, "/vector_stores/{}/files/{}/content", Nothing),
        }
    }

    /// One line of what it does, for the OpenAPI document.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::CreateFile => "Uploads a file",
            Self::ListFiles => "The files of an account",
            Self::RetrieveFile => "A file without its content",
            Self::FileContent => "The content of a file",
            Self::DeleteFile => "Deletes a file",
            Self::CreateBatch => "Starts a batch",
            Self::ListBatches => "The batches of an account",
            Self::RetrieveBatch => "A batch and how far it is",
            Self::CancelBatch => "Cancels a batch",
            Self::CreateFineTuningJob => "Starts a fine-tuning job",
            Self::ListFineTuningJobs => "The fine-tuning jobs of an account",
            Self::RetrieveFineTuningJob => "A fine-tuning job",
            Self::CancelFineTuningJob => "Cancels a fine-tuning job",
            Self::FineTuningEvents => "What happened in a fine-tuning job",
            Self::FineTuningCheckpoints => "The checkpoints of a fine-tuning job",
            Self::CreateVectorStore => "Makes a vector store",
            Self::ListVectorStores => "The vector stores of an account",
            Self::RetrieveVectorStore => "A vector store",
            Self::UpdateVectorStore => "Changes a vector store",
            Self::DeleteVectorStore => "Deletes a vector store",
            Self::SearchVectorStore => "Searches a vector store",
            Self::CreateVectorStoreFile => "Puts a file into a vector store",
            Self::ListVectorStoreFiles => "The files of a vector store",
            Self::RetrieveVectorStoreFile => "A file of a vector store",
            Self::UpdateVectorStoreFile => "Changes the attributes of a file",
            Self::DeleteVectorStoreFile => "Takes a file out of a vector store",
            Self::VectorStoreFileContent => "The text of a file of a vector store",
            Self::CreateVideo => "Makes a video",
            Self::ListVideos => "The videos of an account",
            Self::RetrieveVideo => "A video and how far it is",
            Self::VideoContent => "The content of a video",
            Self::RemixVideo => "Makes a video of another one",
            Self::DeleteVideo => "Deletes a video",
            Self::RetrieveResponse => "A response that was made before",
            Self::DeleteResponse => "Deletes a response",
            Self::CancelResponse => "Cancels a response that is made in the background",
            Self::ResponseInputItems => "What a response answered",
            Self::CompactResponse => "Compacts a conversation",
            Self::CountResponseTokens => "Tokens of a response's input",
        }
    }
}

const STORE: &str = "/vector_stores/{}";
const STORE_FILES: &str = "/vector_stores/{}/files";
const STORE_FILE: &str = "/vector_stores/{}/files/{}";

const fn row(call_type: &'static str, family: Family, method: Method, path: &'static str, input: Input) -> Row {
    Row { call_type, family, method, path, input, query: NONE, required: NONE }
}

impl Row {
    const fn with_query(mut self, names: &'static [&'static str]) -> Self {
        self.query = names;
        self
    }

    const fn with_required(mut self, names: &'static [&'static str]) -> Self {
        self.required = names;
        self
    }
}
