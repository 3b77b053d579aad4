//! What every step stands on: the root, the target folder, and the tools found so far.
//!
//! Tools are looked for once, when the first step asks for them.

use std::path::{Path, PathBuf};

use crate::{outcome::Outcome, tools};

/// A tool's place, or what is missing.
pub(crate) type Found = Result<PathBuf, String>;

/// Where the work is done.
pub(crate) struct Workshop {
    root: PathBuf,
    target: PathBuf,
    node: Option<Result<(), String>>,
    chromium: Option<Found>,
    ffmpeg: Option<Found>,
    mariadb: Option<Found>,
}

impl Workshop {
    /// Opens the workspace at a root.
    ///
    /// # Errors
    /// When the manifests cannot be read.
    pub(crate) fn open(root: &Path) -> anyhow::Result<Self> {
        let metadata = ci::tidy::packages::manifests(root)?;
        Ok(Self {
            root: root.to_owned(),
            target: metadata.target_directory.into_std_path_buf(),
            node: None,
            chromium: None,
            ffmpeg: None,
            mariadb: None,
        })
    }

    /// The root of the workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The front end's folder.
    pub(crate) fn app(&self) -> PathBuf {
        self.root.join("web/app")
    }

    /// The folder of the clients that end-to-end tests drive.
    pub(crate) fn clients(&self) -> PathBuf {
        self.app().join("e2e/clients")
    }

    /// The built server.
    pub(crate) fn souk(&self) -> PathBuf {
        self.target.join("debug/souk")
    }

    /// Where the server that breaks its word on purpose is kept, out of the way of the real one.
    pub(crate) fn souk_negative_control(&self) -> PathBuf {
        self.target.join("ci/souk-negative-control")
    }

    /// The load tool, once a test of its package was built.
    pub(crate) fn rush(&self) -> PathBuf {
        self.target.join("debug/rush")
    }

    /// Where the server keeps everything in a run of it.
    pub(crate) fn rush_data(&self) -> PathBuf {
        self.target.join("ci/rush")
    }

    /// Where the browser tests put traces of failures. Not the folder of runs by hand, which
    /// would clear each other's.
    pub(crate) fn browser_results(&self) -> PathBuf {
        self.target.join("ci/browser")
    }

    /// Node, and the packages of the front end and of its test clients.
    pub(crate) fn node(&mut self) -> Result<(), Outcome> {
        if self.node.is_none() {
            let folders = [self.app(), self.clients()];
            self.node = Some(tools::node(&self.root, &folders));
        }
        self.node
            .clone()
            .unwrap_or(Ok(()))
            .map_err(Outcome::Missing)
    }

    /// A Chromium that plays H.264.
    pub(crate) fn chromium(&mut self) -> Result<PathBuf, Outcome> {
        let root = &self.root;
        self.chromium
            .get_or_insert_with(|| tools::chromium(root))
            .clone()
            .map_err(Outcome::Missing)
    }

    /// A MariaDB server for tests to start.
    pub(crate) fn mariadb(&mut self) -> Result<PathBuf, Outcome> {
        let root = &self.root;
        self.mariadb
            .get_or_insert_with(|| tools::mariadb(root))
            .clone()
            .map_err(Outcome::Missing)
    }

    /// An FFmpeg that publishes by WHIP.
    pub(crate) fn ffmpeg(&mut self) -> Result<PathBuf, Outcome> {
        let root = &self.root;
        self.ffmpeg
            .get_or_insert_with(|| tools::ffmpeg(root))
            .clone()
            .map_err(Outcome::Missing)
    }
}
