//! `unsafe` has one home: the kernel module of media-shard.
//!
//! Every crate root forbids it, so that no attribute further down can allow it again. The root of
//! media-shard can only deny it; there this rule looks that nothing but `udp` contains any.

use std::path::Path;

use syn::{spanned::Spanned as _, visit::Visit};

use super::{Finding, files, packages, rust_source};

/// The package whose root may not forbid, and the module that is the reason.
const EXEMPT: &str = "media-shard";
const HOME: &[&str] = &["media/shard/src/udp.rs", "media/shard/src/udp/"];

/// Finds crate roots that do not forbid `unsafe`, and `unsafe` outside its home.
///
/// # Errors
/// When manifests or files cannot be read.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in &packages::manifests(root)?.packages {
        for target in &package.targets {
            let is_root = target.is_lib() || target.is_bin();
            let wanted = if package.name == EXEMPT {
                "deny"
            } else {
                "forbid"
            };
            if is_root && !states(target.src_path.as_std_path(), wanted)? {
                findings.push(Finding::new(
                    files::shown(root, target.src_path.as_std_path()),
                    format!("must say #![{wanted}(unsafe_code)]"),
                ));
            }
        }
    }
    for file in files::rust_under(root)? {
        let place = files::shown(root, &file.path);
        if HOME.iter().any(|home| place.starts_with(home)) {
            continue;
        }
        let mut seen = Seen::default();
        seen.visit_file(&rust_source::parse(&file)?);
        for line in seen.lines {
            findings.push(Finding::new(
                format!("{place}:{line}"),
                "unsafe outside its home",
            ));
        }
    }
    Ok(findings)
}

fn states(path: &Path, level: &str) -> anyhow::Result<bool> {
    let file = files::File {
        path: path.to_owned(),
        text: std::fs::read_to_string(path)?,
    };
    let parsed = rust_source::parse(&file)?;
    Ok(parsed.attrs.iter().any(|attribute| {
        attribute.path().is_ident(level)
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|lint| lint.is_ident("unsafe_code"))
    }))
}

/// Collects the lines on which something is unsafe.
#[derive(Default)]
struct Seen {
    lines: Vec<usize>,
}

impl<'ast> Visit<'ast> for Seen {
    fn visit_expr_unsafe(&mut self, expr: &'ast syn::ExprUnsafe) {
        self.lines.push(expr.unsafe_token.span.start().line);
        syn::visit::visit_expr_unsafe(self, expr);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if item.unsafety.is_some() {
            self.lines.push(item.span().start().line);
        }
        syn::visit::visit_item_impl(self, item);
    }

    fn visit_item_foreign_mod(&mut self, item: &'ast syn::ItemForeignMod) {
        self.lines.push(item.span().start().line);
    }
}
