//! What operations say about themselves.

use community::{
    error::{Error, Kind},
    http::fail::{BODY, E401, E429, Fail},
};
use poem_openapi::OpenApiService;
use serde_json::Value;

use super::app::Api;

fn document() -> Value {
    let api = OpenApiService::new(Api(std::sync::Arc::default()), "test", "1");
    serde_json::from_str(&api.spec()).unwrap()
}

#[test]
fn operations_document_exactly_their_statuses() {
    let document = document();
    let statuses = |path: &str, method: &str| -> Vec<String> {
        document["paths"][path][method]["responses"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(statuses("/api/posts", "post"), ["200", "400", "403", "408", "413", "415", "429", "500"]);
    assert_eq!(statuses("/api/posts/{id}", "get"), ["200", "404", "500", "503"]);
    let limited = &document["paths"]["/api/posts"]["post"]["responses"]["429"];
    assert_eq!(limited["headers"]["Retry-After"]["schema"]["type"], "integer");
    assert_eq!(limited["content"]["application/json; charset=utf-8"]["schema"]["$ref"], "#/components/schemas/Error");
    let schema = &document["components"]["schemas"]["Error"];
    assert_eq!(schema["required"], serde_json::json!(["ok", "error", "code"]));
    assert_eq!(schema["properties"].as_object().unwrap().len(), 5);
    assert!(schema["properties"]["retryAfter"].is_object() && schema["example"]["ok"] == false);
}

#[test]
fn bodies_are_documented_as_json() {
    let body = &document()["paths"]["/api/posts"]["post"]["requestBody"];
    assert_eq!(body["required"], true);
    assert_eq!(body["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/NewPost");
}

#[test]
fn a_documented_status_passes() {
    let fail: Fail<{ BODY | E401 | E429 }> = Error::login_required().into();
    assert_eq!(poem::Error::from(fail).status(), poem::http::StatusCode::UNAUTHORIZED);
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "is not among the documented statuses")]
fn an_undocumented_status_is_found_by_tests() {
    let _: Fail<{ BODY | E401 }> = Error::new(Kind::Conflict, "conflict", "Twice.").into();
}
