//! The packages of the workspace, the order they stand in, and which may use which.
//!
//! Dependencies point up this list only, and only along `may_use`. A test may use any package
//! that stands before its own. A new line here is a decision about the architecture.

use std::path::Path;

use anyhow::Context as _;
use cargo_metadata::{Metadata, MetadataCommand};

/// One package of ours.
#[derive(Debug)]
pub struct Package {
    /// Its name: the path with dashes.
    pub name: &'static str,
    /// Its folder, from the root.
    pub folder: &'static str,
    /// What its code may use of ours.
    pub may_use: MayUse,
    /// Whether it must do without a runtime, a clock, sockets and locks.
    pub pure: bool,
}

/// What a package may use of ours.
#[derive(Debug, Clone, Copy)]
pub enum MayUse {
    /// These.
    Only(&'static [&'static str]),
    /// Whatever stands before it.
    AllBefore,
}

const fn package(name: &'static str, folder: &'static str, may_use: MayUse, pure: bool) -> Package {
    Package {
        name,
        folder,
        may_use,
        pure,
    }
}

/// Leaf to root.
pub const PACKAGES: &[Package] = &[
    package("media-core", "media/core", MayUse::Only(&[]), true),
    package(
        "media-shard",
        "media/shard",
        MayUse::Only(&["media-core"]),
        false,
    ),
    package(
        "media-relay",
        "media/relay",
        MayUse::Only(&["media-core", "media-shard"]),
        false,
    ),
    package(
        "media-record",
        "media/record",
        MayUse::Only(&["media-core"]),
        false,
    ),
    package("signaling-wire", "signaling/wire", MayUse::Only(&[]), true),
    package(
        "signaling-hub",
        "signaling/hub",
        MayUse::Only(&["signaling-wire", "media-shard", "media-relay"]),
        false,
    ),
    package(
        "commerce-core",
        "commerce/core",
        MayUse::Only(&["signaling-wire"]),
        true,
    ),
    package(
        "commerce-store",
        "commerce/store",
        MayUse::Only(&["signaling-wire"]),
        false,
    ),
    package(
        "commerce-sandbox",
        "commerce/sandbox",
        MayUse::Only(&[]),
        false,
    ),
    package(
        "commerce-service",
        "commerce/service",
        MayUse::Only(&[
            "commerce-core",
            "commerce-store",
            "signaling-wire",
            "signaling-hub",
        ]),
        false,
    ),
    package(
        "chat",
        "chat",
        MayUse::Only(&["signaling-wire", "signaling-hub", "commerce-store"]),
        false,
    ),
    package(
        "web-accounts",
        "web/accounts",
        MayUse::Only(&["signaling-wire", "commerce-store"]),
        false,
    ),
    package("web-server", "web/server", MayUse::AllBefore, false),
    package("benches", "benches", MayUse::AllBefore, false),
    package("ci", ".ci", MayUse::Only(&[]), false),
];

/// The place of a package in the list.
pub fn position(name: &str) -> Option<usize> {
    PACKAGES.iter().position(|package| package.name == name)
}

/// What the manifests of a workspace say, read without resolving, fetching or building.
///
/// # Errors
/// When the manifests cannot be read.
pub fn manifests(root: &Path) -> anyhow::Result<Metadata> {
    MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .with_context(|| format!("cannot read the manifests under {}", root.display()))
}
