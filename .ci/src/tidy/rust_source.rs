//! Rust files as syntax, and what several rules ask of it.

use anyhow::Context as _;
use syn::Attribute;

use super::files::File;

/// Parses a file.
///
/// # Errors
/// When the file is not Rust.
pub fn parse(file: &File) -> anyhow::Result<syn::File> {
    syn::parse_file(&file.text).with_context(|| format!("cannot parse {}", file.path.display()))
}

/// Whether an item is compiled for tests only.
pub fn is_cfg_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}

/// A path as text, without generic arguments.
pub fn path_text(path: &syn::Path) -> String {
    let parts: Vec<String> = path
        .segments
        .iter()
        .map(|part| part.ident.to_string())
        .collect();
    parts.join("::")
}

/// The first paragraph of an item's docs, on one line, with links as plain code.
pub fn summary(attributes: &[Attribute]) -> String {
    let mut words = Vec::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
    {
        let syn::Meta::NameValue(doc) = &attribute.meta else {
            continue;
        };
        let syn::Expr::Lit(literal) = &doc.value else {
            continue;
        };
        let syn::Lit::Str(text) = &literal.lit else {
            continue;
        };
        let line = text.value().trim().to_owned();
        if line.is_empty() {
            break;
        }
        words.push(line);
    }
    words.join(" ").replace("[`", "`").replace("`]", "`")
}
