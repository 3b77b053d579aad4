//! Every limit is documented where operators look.
//!
//! The table in `docs/OPERATING.md` is written from the constants of all `limits.rs` files
//! (`cargo ci limits`); the rule compares it with them, so that neither value nor meaning can
//! drift.

use std::{fs, path::Path};

use syn::spanned::Spanned as _;

use super::{
    Finding,
    files::{self, File},
    packages::PACKAGES,
    rust_source,
};

/// Where the table lives.
pub const DOCUMENT: &str = "docs/OPERATING.md";
const BEGIN: &str = "<!-- limits: written by `cargo ci limits` -->";
const END: &str = "<!-- limits: end -->";

/// Compares the documented limits with the constants.
///
/// # Errors
/// When a file cannot be read or is not Rust.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let wanted = table(root)?;
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(root.join(DOCUMENT)).unwrap_or_default();
    let Some((_, present, _)) = split(&text) else {
        return Ok(vec![Finding::new(DOCUMENT, "has no table of limits")]);
    };
    let mut findings = Vec::new();
    for line in wanted
        .lines()
        .filter(|line| !present.lines().any(|other| other == *line))
    {
        findings.push(Finding::new(
            DOCUMENT,
            format!("lacks {line}; run `cargo ci limits`"),
        ));
    }
    for line in present
        .lines()
        .filter(|line| !wanted.lines().any(|other| other == *line))
    {
        findings.push(Finding::new(
            DOCUMENT,
            format!("still says {line}; run `cargo ci limits`"),
        ));
    }
    Ok(findings)
}

/// Writes the table into the document.
///
/// # Errors
/// When the document has no place for it, or files cannot be read or written.
pub fn write(root: &Path) -> anyhow::Result<()> {
    let path = root.join(DOCUMENT);
    let text = fs::read_to_string(&path)?;
    let Some((before, _, after)) = split(&text) else {
        anyhow::bail!("{DOCUMENT} has no `{BEGIN}` and `{END}`");
    };
    fs::write(&path, format!("{before}\n{}{after}", table(root)?))?;
    Ok(())
}

/// The text up to and with the opening mark, between the marks, and from the closing mark on.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let open = text.find(BEGIN)? + BEGIN.len();
    let close = open + text[open..].find(END)?;
    Some((
        &text[..open],
        text[open..close].strip_prefix('\n')?,
        &text[close..],
    ))
}

fn table(root: &Path) -> anyhow::Result<String> {
    let mut out = String::new();
    for package in PACKAGES {
        let mut rows = String::new();
        for file in files::rust_under(&root.join(package.folder).join("src"))? {
            if file.path.ends_with("limits.rs") {
                rows.push_str(&rows_of(&file)?);
            }
        }
        if !rows.is_empty() {
            let name = package.name;
            out.push_str(&format!(
                "\n**{name}**\n\n| Limit | Value | Bounds |\n| --- | --- | --- |\n"
            ));
            out.push_str(&rows);
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    Ok(out)
}

fn rows_of(file: &File) -> anyhow::Result<String> {
    let mut rows = String::new();
    for item in rust_source::parse(file)?.items {
        let syn::Item::Const(constant) = item else {
            continue;
        };
        if constant.ident == "_" {
            continue;
        }
        let value = constant.expr.span().source_text().unwrap_or_default();
        let value: Vec<&str> = value.split_whitespace().collect();
        rows.push_str(&format!(
            "| `{}` | `{}` | {} |\n",
            constant.ident,
            value.join(" "),
            rust_source::summary(&constant.attrs).replace('|', "\\|"),
        ));
    }
    Ok(rows)
}
