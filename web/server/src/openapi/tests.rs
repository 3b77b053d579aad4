#![allow(clippy::unwrap_used)]
use std::{env, fs, path::PathBuf};

use super::*;

fn committed(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

#[test]
fn the_committed_document_and_client_are_those_of_the_handlers() {
    let document = document();
    let mut json = serde_json::to_string_pretty(&document).unwrap();
    json.push('\n');
    let files = [
        ("web/server/openapi.json", json),
        ("web/app/src/api/schema.ts", typescript::render(&document)),
    ];
    for (path, text) in files {
        let file = committed(path);
        if env::var_os("SOUK_UPDATE_API").is_some() {
            fs::write(&file, &text).unwrap();
        }
        let stale = fs::read_to_string(&file).unwrap_or_default() != text;
        let advice = "SOUK_UPDATE_API=1 cargo test -p web-server openapi";
        assert!(!stale, "{path} is stale: {advice}");
    }
}

#[test]
fn a_name_stands_for_one_type() {
    let (_, clashes) = router::document();
    let advice = "give types #[schema(as = …)], and answers codes of signaling_wire::Code";
    assert_eq!(clashes, Vec::<String>::new(), "{advice}");
}

#[test]
fn every_name_is_explained() {
    let document = document();
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        let known = document["components"]["schemas"].get(name);
        assert!(
            known.is_some(),
            "{name}: #[param(inline)] or a body of that type"
        );
    }
}

#[test]
fn every_operation_says_what_it_is_for() {
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
    }
}

#[test]
fn the_page_shows_every_path_as_text() {
    let mut document = document();
    document["info"]["description"] = json!("<script>alert(1)</script>");
    let page = page::render(&document);
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.contains(path.as_str()), "{path}");
    }
    assert!(!page.contains("<script"));
}
