//! Ceilings: how long a file and a function may get.
//!
//! A file of 80 to 250 lines is the aim; the ceiling is where it must be split. Functions are
//! counted from `fn` to the closing brace, without their docs. There is no list of exceptions:
//! only generated files, which say so at their top, are free.

use std::path::Path;

use syn::{spanned::Spanned as _, visit::Visit};

use super::{
    Finding,
    files::{self, File},
};

/// Most lines in a file.
pub const FILE_LINES_MAX: usize = 500;
/// Most lines in a function.
pub const FUNCTION_LINES_MAX: usize = 70;

/// What counts as source.
const SOURCE: &[&str] = &[
    "rs", "ts", "mts", "js", "mjs", "vue", "css", "sql", "sh", "html", "yml", "toml",
];

/// Finds files above the ceiling.
///
/// # Errors
/// When a file cannot be read.
pub fn check_files(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in files::text_under(root)? {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX
            && SOURCE.contains(&files::extension(&file.path))
            && !generated(&file)
        {
            findings.push(Finding::new(
                files::shown(root, &file.path),
                format!("{lines} lines; at most {FILE_LINES_MAX}: split it by noun"),
            ));
        }
    }
    Ok(findings)
}

fn generated(file: &File) -> bool {
    let mut top = file.text.lines().take(5);
    top.any(|line| line.contains("@generated") || line.contains("auto-generated"))
}

/// Finds Rust functions above the ceiling.
///
/// # Errors
/// When a file cannot be read or is not Rust.
pub fn check_functions(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in files::rust_under(root)? {
        let parsed = super::rust_source::parse(&file)?;
        let mut long = Long::default();
        long.visit_file(&parsed);
        for (name, line, lines) in long.found {
            findings.push(Finding::new(
                format!("{}:{line}", files::shown(root, &file.path)),
                format!("fn {name} has {lines} lines; at most {FUNCTION_LINES_MAX}"),
            ));
        }
    }
    Ok(findings)
}

/// Collects functions above the ceiling: name, first line, lines.
#[derive(Default)]
struct Long {
    found: Vec<(String, usize, usize)>,
}

impl Long {
    fn measure(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let lines = block.span().end().line - first + 1;
        if lines > FUNCTION_LINES_MAX {
            self.found.push((signature.ident.to_string(), first, lines));
        }
    }
}

impl<'ast> Visit<'ast> for Long {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.measure(&item.sig, &item.block);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.measure(&item.sig, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.measure(&item.sig, block);
        }
        syn::visit::visit_trait_item_fn(self, item);
    }
}
