//! Builds the front end (`web/app`) into `OUT_DIR/app`, from where the binary embeds it.
//!
//! Runs npm only when an input of the front end changed. `npm ci` runs only when `node_modules` is
//! missing or older than `package-lock.json`, so a developer's tree stays as it is. Builds that
//! run at the same time (two target folders, an editor) wait for one another on a lock file.
//! Without Node the build stops with a line that says what to install.

#![allow(clippy::print_stderr)] // cargo shows it to the person who builds

use std::{
    env, fs,
    fs::File,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::SystemTime,
};

/// Oldest Node that the front end's tools run on.
const NODE_MAJOR_MIN: u32 = 20;

/// What the built pages depend on, below `web/app`.
const INPUTS: [&str; 11] = [
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "tsconfig.json",
    "tsconfig.app.json",
    "tsconfig.node.json",
    "postcss.config.js",
    "tailwind.config.js",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let app = manifest
        .parent()
        .expect("web/server lies in web")
        .join("app");
    for input in INPUTS
        .iter()
        .map(|input| app.join(input))
        .filter(|path| path.exists())
    {
        println!("cargo:rerun-if-changed={}", input.display());
    }
    if let Err(message) = build(&app, &out) {
        eprintln!("\n{message}\n");
        std::process::exit(1);
    }
}

fn build(app: &Path, out: &Path) -> Result<(), String> {
    if !app.join("package.json").is_file() {
        return Err(format!(
            "The front end is missing: no package.json in {}.",
            app.display()
        ));
    }
    check_node()?;
    let _guard = lock(app)?;
    if needs_install(app) {
        npm(app, &["ci", "--no-audit", "--no-fund"])?;
    }
    let fresh = out.join("app.new");
    let target = fresh
        .to_str()
        .ok_or("the target folder's path is not UTF-8")?;
    npm(
        app,
        &["run", "build", "--", "--outDir", target, "--emptyOutDir"],
    )?;
    if !fresh.join("index.html").is_file() {
        return Err("The front end was built, but without an index.html.".to_owned());
    }
    let built = out.join("app");
    if built.exists() {
        fs::remove_dir_all(&built).map_err(|error| format!("cannot clear {built:?}: {error}"))?;
    }
    fs::rename(&fresh, &built).map_err(|error| format!("cannot move the built pages: {error}"))
}

/// Says what to install when Node or npm is missing or too old.
fn check_node() -> Result<(), String> {
    let advice = format!(
        "Souk's pages are built with Node.js {NODE_MAJOR_MIN} or later and its npm.\n\
         Install them (Debian and Ubuntu: `apt-get install nodejs npm`; others: https://nodejs.org)\n\
         and run cargo again."
    );
    let version = |tool: &str| {
        let output = Command::new(tool)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let node = version("node").ok_or_else(|| format!("`node` was not found.\n{advice}"))?;
    version("npm").ok_or_else(|| format!("`npm` was not found.\n{advice}"))?;
    let major: Option<u32> = node
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|n| n.parse().ok());
    match major {
        Some(major) if major >= NODE_MAJOR_MIN => Ok(()),
        _ => Err(format!("`node` is {node}, which is too old.\n{advice}")),
    }
}

/// Holds the lock of this front end until dropped. It lies outside the tree, because `npm ci`
/// empties the only ignored folder in it.
fn lock(app: &Path) -> Result<File, String> {
    let mut hasher = DefaultHasher::new();
    app.hash(&mut hasher);
    let path = env::temp_dir().join(format!("souk-app-{:016x}.lock", hasher.finish()));
    let fail = |error: std::io::Error| format!("cannot lock {}: {error}", path.display());
    let file = File::create(&path).map_err(fail)?;
    file.lock().map_err(fail)?;
    Ok(file)
}

/// npm notes what it installed in `node_modules/.package-lock.json`, every time.
fn needs_install(app: &Path) -> bool {
    let changed =
        |path: PathBuf| -> Option<SystemTime> { fs::metadata(path).ok()?.modified().ok() };
    let installed = changed(app.join("node_modules/.package-lock.json"));
    let wanted = changed(app.join("package-lock.json"));
    match (installed, wanted) {
        (Some(installed), Some(wanted)) => installed < wanted,
        _ => true,
    }
}

fn npm(app: &Path, arguments: &[&str]) -> Result<(), String> {
    let what = format!("npm {}", arguments[..arguments.len().min(2)].join(" "));
    let output = Command::new("npm")
        .args(arguments)
        .current_dir(app)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("`{what}` did not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!(
        "`{what}` failed in {}:\n{}",
        app.display(),
        String::from_utf8_lossy(&said)
    ))
}
