//! What operators turn and read is in `docs/OPERATING.md`: configuration keys and metrics.
//!
//! Keys come from the structs of `web/server/src/config/raw.rs` (a `RawConfig` whose fields are
//! sections or keys), metrics from the names given to `counter!`, `gauge!` and `histogram!`.

use std::{collections::BTreeMap, collections::BTreeSet, fs, path::Path};

use super::{
    Finding,
    files::{self, File},
    limits_table::DOCUMENT,
    rust_source,
};

const KEYS: &str = "web/server/src/config/raw.rs";
const ROOT: &str = "RawConfig";

/// Finds configuration keys that the document does not name.
///
/// # Errors
/// When the keys' file cannot be read or is not Rust.
pub fn check_keys(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let path = root.join(KEYS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(&path)?;
    let parsed = rust_source::parse(&File { path, text })?;
    let mut structs: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for item in parsed.items {
        if let syn::Item::Struct(item) = item {
            structs.insert(item.ident.to_string(), fields(&item));
        }
    }
    let mut keys = Vec::new();
    for (field, kind) in structs.get(ROOT).into_iter().flatten() {
        match structs.get(kind) {
            Some(inner) => keys.extend(inner.iter().map(|(name, _)| format!("{field}.{name}"))),
            None => keys.push(field.clone()),
        }
    }
    Ok(missing(root, "configuration key", &keys))
}

/// Names and types of a struct's fields.
fn fields(item: &syn::ItemStruct) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for field in &item.fields {
        let kind = match &field.ty {
            syn::Type::Path(path) => rust_source::path_text(&path.path),
            _ => String::new(),
        };
        out.extend(field.ident.as_ref().map(|name| (name.to_string(), kind)));
    }
    out
}

/// Finds metrics that the document does not name.
///
/// # Errors
/// When a file cannot be read.
pub fn check_metrics(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut names = BTreeSet::new();
    for file in files::rust_under(root)? {
        if files::is_test(root, &file.path) || file.path.starts_with(root.join(".ci")) {
            continue;
        }
        for kind in ["counter!(", "gauge!(", "histogram!("] {
            names.extend(file.text.split(kind).skip(1).filter_map(first_name));
        }
    }
    let names: Vec<String> = names.into_iter().collect();
    Ok(missing(root, "metric", &names))
}

/// The name that a macro call begins with, if it is written out.
fn first_name(call: &str) -> Option<String> {
    let name = call.trim_start().strip_prefix('"')?.split('"').next()?;
    name.starts_with("souk_").then(|| name.to_owned())
}

fn missing(root: &Path, what: &str, names: &[String]) -> Vec<Finding> {
    let text = fs::read_to_string(root.join(DOCUMENT)).unwrap_or_default();
    names
        .iter()
        .filter(|name| !text.contains(&format!("`{name}")))
        .map(|name| Finding::new(DOCUMENT, format!("does not name the {what} `{name}`")))
        .collect()
}
