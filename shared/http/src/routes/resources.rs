//! The routes of files, batches, fine-tuning, vector stores, videos and realtime sessions. All of them want a key.

use tollgate_core::resources::Action;

use super::Method::{Delete, Get, Post};
use super::{Access, Endpoint, Method, Route};

const fn row(method: Method, path: &'static str, action: Action) -> Route {
    Route { method, path, access: Access::Key, endpoint: Endpoint::Resource(action) }
}

const fn socket(path: &'static str) -> Route {
    Route { method: Get, path, access: Access::Key, endpoint: Endpoint::Realtime }
}

const fn search(method: Method, path: &'static str) -> Route {
    let endpoint = if matches!(method, Get) { Endpoint::SearchTools } else { Endpoint::Search };
    Route { method, path, access: Access::Key, endpoint }
}

/// Every one with LiteLLM's aliases; `{provider}` is LiteLLM's name of a provider.
pub const ROUTES: &[Route] = &[
    row(Post, "/v1/files", Action::CreateFile),
    row(Get, "/v1/files", Action::ListFiles),
    row(Get, "/v1/files/{file_id}", Action::RetrieveFile),
    row(Get, "/v1/files/{file_id}/content", Action::FileContent),
    row(Delete, "/v1/files/{file_id}", Action::DeleteFile),
    row(Post, "/v1/batches", Action::CreateBatch),
    row(Get, "/v1/batches", Action::ListBatches),
    row(Get, "/v1/batches/{batch_id}", Action::RetrieveBatch),
    row(Post, "/v1/batches/{batch_id}/cancel", Action::CancelBatch),
    row(Post, "/files", Action::CreateFile),
    row(Get, "/files", Action::ListFiles),
    row(Get, "/files/{file_id}", Action::RetrieveFile),
    row(Get, "/files/{file_id}/content", Action::FileContent),
    row(Delete, "/files/{file_id}", Action::DeleteFile),
    row(Post, "/batches", Action::CreateBatch),
    row(Get, "/batches", Action::ListBatches),
    row(Get, "/batches/{batch_id}", Action::RetrieveBatch),
    row(Post, "/batches/{batch_id}/cancel", Action::CancelBatch),
    row(Post, "/{provider}/v1/files", Action::CreateFile),
    row(Get, "/{provider}/v1/files", Action::ListFiles),
    row(Get, "/{provider}/v1/files/{file_id}", Action::RetrieveFile),
    row(Get, "/{provider}/v1/files/{file_id}/content", Action::FileContent),
    row(Delete, "/{provider}/v1/files/{file_id}", Action::DeleteFile),
    row(Post, "/{provider}/v1/batches", Action::CreateBatch),
    row(Get, "/{provider}/v1/batches", Action::ListBatches),
    row(Get, "/{provider}/v1/batches/{batch_id}", Action::RetrieveBatch),
    row(Post, "/{provider}/v1/batches/{batch_id}/cancel", Action::CancelBatch),
    row(Post, "/v1/fine_tuning/jobs", Action::CreateFineTuningJob),
    row(Get, "/v1/fine_tuning/jobs", Action::ListFineTuningJobs),
    row(Get, "/v1/fine_tuning/jobs/{job_id}", Action::RetrieveFineTuningJob),
    row(Post, "/v1/fine_tuning/jobs/{job_id}/cancel", Action::CancelFineTuningJob),
    row(Get, "/v1/fine_tuning/jobs/{job_id}/events", Action::FineTuningEvents),
    row(Get, "/v1/fine_tuning/jobs/{job_id}/checkpoints", Action::FineTuningCheckpoints),
    row(Post, "/v1/vector_stores", Action::CreateVectorStore),
    row(Get, "/v1/vector_stores", Action::ListVectorStores),
    row(Get, "/v1/vector_stores/{store_id}", Action::RetrieveVectorStore),
    row(Post, "/v1/vector_stores/{store_id}", Action::UpdateVectorStore),
    row(Delete, "/v1/vector_stores/{store_id}", Action::DeleteVectorStore),
    row(Post, "/v1/vector_stores/{store_id}/search", Action::SearchVectorStore),
    row(Post, "/v1/vector_stores/{store_id}/files", Action::CreateVectorStoreFile),
    row(Get, "/v1/vector_stores/{store_id}/files", Action::ListVectorStoreFiles),
    row(Get, "/v1/vector_stores/{store_id}/files/{file_id}", Action::RetrieveVectorStoreFile),
    row(Post, "/v1/vector_stores/{store_id}/files/{file_id}", Action::UpdateVectorStoreFile),
    row(Delete, "/v1/vector_stores/{store_id}/files/{file_id}", Action::DeleteVectorStoreFile),
    row(Get, "/v1/vector_stores/{store_id}/files/{file_id}/content", Action::VectorStoreFileContent),
    row(Post, "/fine_tuning/jobs", Action::CreateFineTuningJob),
    row(Get, "/fine_tuning/jobs", Action::ListFineTuningJobs),
    row(Get, "/fine_tuning/jobs/{job_id}", Action::RetrieveFineTuningJob),
    row(Post, "/fine_tuning/jobs/{job_id}/cancel", Action::CancelFineTuningJob),
    row(Get, "/fine_tuning/jobs/{job_id}/events", Action::FineTuningEvents),
    row(Get, "/fine_tuning/jobs/{job_id}/checkpoints", Action::FineTuningCheckpoints),
    row(Post, "/vector_stores", Action::CreateVectorStore),
    row(Get, "/vector_stores", Action::ListVectorStores),
    row(Get, "/vector_stores/{store_id}", Action::RetrieveVectorStore),
    row(Post, "/vector_stores/{store_id}", Action::UpdateVectorStore),
    row(Delete, "/vector_stores/{store_id}", Action::DeleteVectorStore),
    row(Post, "/vector_stores/{store_id}/search", Action::SearchVectorStore),
    row(Post, "/vector_stores/{store_id}/files", Action::CreateVectorStoreFile),
    row(Get, "/vector_stores/{store_id}/files", Action::ListVectorStoreFiles),
    row(Get, "/vector_stores/{store_id}/files/{file_id}", Action::RetrieveVectorStoreFile),
    row(Post, "/vector_stores/{store_id}/files/{file_id}", Action::UpdateVectorStoreFile),
    row(Delete, "/vector_stores/{store_id}/files/{file_id}", Action::DeleteVectorStoreFile),
    row(Get, "/vector_stores/{store_id}/files/{file_id}/content", Action::VectorStoreFileContent),
    row(Post, "/v1/videos", Action::CreateVideo),
    row(Get, "/v1/videos", Action::ListVideos),
    row(Get, "/v1/videos/{video_id}", Action::RetrieveVideo),
    row(Get, "/v1/videos/{video_id}/content", Action::VideoContent),
    row(Post, "/v1/videos/{video_id}/remix", Action::RemixVideo),
    row(Delete, "/v1/videos/{video_id}", Action::DeleteVideo),
    row(Post, "/videos", Action::CreateVideo),
    row(Get, "/videos", Action::ListVideos),
    row(Get, "/videos/{video_id}", Action::RetrieveVideo),
    row(Get, "/videos/{video_id}/content", Action::VideoContent),
    row(Post, "/videos/{video_id}/remix", Action::RemixVideo),
    row(Delete, "/videos/{video_id}", Action::DeleteVideo),
    search(Get, "/v1/search/tools"),
    search(Get, "/search/tools"),
    search(Post, "/v1/search"),
    search(Post, "/search"),
    search(Post, "/v1/search/{search_tool_name}"),
    search(Post, "/search/{search_tool_name}"),
    socket("/v1/realtime"),
    socket("/realtime"),
    socket("/openai/v1/realtime"),
];
