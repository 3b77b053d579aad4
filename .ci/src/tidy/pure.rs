//! Pure packages do without a runtime, a clock, sockets and locks.
//!
//! One check reads the manifest, one reads the source. Tests of a pure package may ask for the
//! time once, since an `Instant` to count from cannot be made otherwise; its code may not.

use std::path::Path;

use syn::{spanned::Spanned as _, visit::Visit};

use super::{
    Finding, files,
    packages::{self, PACKAGES},
    rust_source,
};

/// Outside packages that bring a runtime, IO, threads or locks; `*` ends a beginning.
const IMPURE: &[&str] = &[
    "tokio*",
    "futures*",
    "async-*",
    "smol*",
    "mio",
    "socket2",
    "quinn*",
    "nix",
    "libc",
    "axum*",
    "tower*",
    "hyper*",
    "reqwest",
    "sqlx*",
    "redis",
    "dashmap",
    "parking_lot",
    "crossbeam*",
    "rayon",
    "chrono",
    "getrandom",
    "webrtc",
    "metrics",
    "tracing*",
    "log",
];

/// Ends of paths that pure code may not name.
const BANNED: &[&str] = &[
    "Instant::now",
    "SystemTime::now",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "Mutex",
    "RwLock",
    "Condvar",
    "OnceLock",
    "thread::spawn",
    "thread::sleep",
    "rand::rng",
    "rand::random",
];

/// Beginnings of paths that pure code may not name.
const BANNED_MODULES: &[&str] = &[
    "std::thread",
    "std::fs",
    "std::process",
    "std::env",
    "std::sync::mpsc",
    "tokio",
];

/// Finds dependencies that a pure package may not have.
///
/// # Errors
/// When the manifests cannot be read.
pub fn check_dependencies(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let metadata = packages::manifests(root)?;
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        if !PACKAGES
            .iter()
            .any(|listed| listed.pure && listed.name == name)
        {
            continue;
        }
        for dependency in &package.dependencies {
            let other = dependency.name.as_str();
            if IMPURE.iter().any(|pattern| matches(pattern, other)) {
                findings.push(Finding::new(
                    name,
                    format!("is pure and may not use {other}"),
                ));
            }
        }
    }
    Ok(findings)
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

/// Finds clocks, sockets, locks, threads and awaits in the code of pure packages.
///
/// # Errors
/// When a file cannot be read or is not Rust.
pub fn check_source(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in PACKAGES.iter().filter(|package| package.pure) {
        for file in files::rust_under(&root.join(package.folder).join("src"))? {
            if files::is_test(root, &file.path) {
                continue;
            }
            let mut impure = Impure::default();
            impure.visit_file(&rust_source::parse(&file)?);
            for (line, what) in impure.found {
                findings.push(Finding::new(
                    format!("{}:{line}", files::shown(root, &file.path)),
                    format!("{what} in a pure package: make it an argument"),
                ));
            }
        }
    }
    Ok(findings)
}

/// Collects what pure code may not name.
#[derive(Default)]
struct Impure {
    found: Vec<(usize, String)>,
}

impl<'ast> Visit<'ast> for Impure {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !rust_source::is_cfg_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !rust_source::is_cfg_test(&item.attrs) {
            syn::visit::visit_item_fn(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let text = rust_source::path_text(path);
        let line = path.span().start().line;
        if banned(&text) {
            self.found.push((line, format!("`{text}`")));
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_use_tree(&mut self, tree: &'ast syn::UseTree) {
        let mut leaves = Vec::new();
        spell("", tree, &mut leaves);
        let line = tree.span().start().line;
        for leaf in leaves.into_iter().filter(|leaf| banned(leaf)) {
            self.found.push((line, format!("`use {leaf}`")));
        }
    }

    fn visit_expr_await(&mut self, expr: &'ast syn::ExprAwait) {
        self.found
            .push((expr.await_token.span.start().line, "`.await`".to_owned()));
        syn::visit::visit_expr_await(self, expr);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(token) = &signature.asyncness {
            self.found
                .push((token.span.start().line, "`async fn`".to_owned()));
        }
        syn::visit::visit_signature(self, signature);
    }
}

fn banned(path: &str) -> bool {
    let ends = |ban: &str| path == ban || path.ends_with(&format!("::{ban}"));
    let begins = |ban: &str| path == ban || path.starts_with(&format!("{ban}::"));
    BANNED.iter().any(|ban| ends(ban)) || BANNED_MODULES.iter().any(|ban| begins(ban))
}

/// Spells out every leaf of a `use`, as one path each.
fn spell(before: &str, tree: &syn::UseTree, leaves: &mut Vec<String>) {
    let join = |name: &str| {
        if before.is_empty() {
            name.to_owned()
        } else {
            format!("{before}::{name}")
        }
    };
    match tree {
        syn::UseTree::Path(path) => spell(&join(&path.ident.to_string()), &path.tree, leaves),
        syn::UseTree::Name(name) => leaves.push(join(&name.ident.to_string())),
        syn::UseTree::Rename(name) => leaves.push(join(&name.ident.to_string())),
        syn::UseTree::Glob(_) => leaves.push(before.to_owned()),
        syn::UseTree::Group(group) => {
            for inner in &group.items {
                spell(before, inner, leaves);
            }
        }
    }
}
