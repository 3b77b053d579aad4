//! A private MariaDB server.
//!
//! Its data folder is copied from one that was made once, and lies in memory where the machine has
//! room, so that it is ready within seconds. A shell stands between us and the server and ends it
//! when our end of its standard input closes, which the kernel does for us even after a kill.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions as _, MySqlConnection, mysql::MySqlConnectOptions};

/// Patience with a slow machine.
const READY_MAX: Duration = Duration::from_secs(60);
const USER: &str = "root";
const OPTIONS: [&str; 10] = [
    "--no-defaults",
    "--user=root",
    "--skip-networking",
    "--innodb-log-file-size=8M",
    "--innodb-buffer-pool-size=48M",
    "--innodb-flush-log-at-trx-commit=1",
    "--performance-schema=OFF",
    "--max-connections=400",
    "--max-allowed-packet=32M",
    "--skip-name-resolve",
];
/// Runs the server until the standard input ends, then takes its folder away.
const KEEPER: &str = r#"folder=$1; shift
"$@" >"$folder/log" 2>&1 &
server=$!
read -r word
if [ "$word" = stop ]; then kill -9 $server; wait $server 2>/dev/null; exit 0; fi
kill -9 $server; wait $server 2>/dev/null; rm -rf "$folder""#;

/// A running server, or one that is stopped for a while.
pub struct Server {
    folder: PathBuf,
    /// Besides the usual ones.
    options: Vec<String>,
    keeper: std::sync::Mutex<Option<(Child, ChildStdin)>>,
}

impl Server {
    /// Starts a server with nothing in it.
    ///
    /// # Panics
    /// When `mariadbd` is not installed or does not start.
    pub async fn start() -> Self {
        Self::start_with(Vec::new()).await
    }

    /// Starts one that speaks TLS, with a certificate and its key, as PEM.
    pub async fn secured((certificate, key): (String, String)) -> Self {
        // It keeps what it read; the files are not needed once it runs.
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("certificate"), certificate).unwrap();
        fs::write(path("key"), key).unwrap();
        let options = [("ssl-cert", path("certificate")), ("ssl-key", path("key"))];
        let options = options.map(|(name, path)| format!("--{name}={}", path.display()));
        Self::start_with(options.to_vec()).await
    }

    async fn start_with(options: Vec<String>) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("souk-mariadb-")
            .tempdir_in(roomy())
            .unwrap()
            .keep();
        copy(&template(), &folder.join("data"));
        let server = Self {
            folder,
            options,
            keeper: std::sync::Mutex::new(None),
        };
        server.resume().await;
        server
    }

    /// Starts it again on the data that it left.
    pub async fn resume(&self) {
        let mut command = Command::new("sh");
        command
            .args(["-c", KEEPER, "keeper"])
            .arg(&self.folder)
            .arg("mariadbd")
            .args(OPTIONS)
            .args(&self.options)
            .arg(format!("--datadir={}", self.folder.join("data").display()))
            .arg(format!("--socket={}", self.socket().display()))
            .arg(format!("--pid-file={}", self.folder.join("pid").display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // The server lies where not everybody's path leads.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:/usr/sbin"));
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        *self.keeper.lock().unwrap() = Some((child, stdin));
        let until = Instant::now() + READY_MAX;
        while self.options().connect().await.is_err() {
            if Instant::now() > until {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                panic!("mariadbd does not start; is the package mariadb-server there? {log}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Kills it, as a power cut would; its data stays.
    pub fn kill(&self) {
        use std::io::Write as _;
        if let Some((mut child, mut stdin)) = self.keeper.lock().unwrap().take() {
            stdin.write_all(b"stop\n").unwrap();
            drop(stdin);
            child.wait().unwrap();
        }
    }

    /// The address of a schema, for `StoreConfig::url`.
    pub fn url(&self, schema: &str) -> String {
        self.url_as(USER, schema)
    }

    /// The same for somebody else, `USER:PASSWORD`.
    pub fn url_as(&self, login: &str, schema: &str) -> String {
        format!(
            "mariadb://{login}@localhost/{schema}?socket={}",
            self.socket().display()
        )
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("s")
    }

    /// A session of the administrator.
    pub async fn root(&self) -> MySqlConnection {
        self.options().connect().await.unwrap()
    }

    /// Runs statements as the administrator.
    pub async fn execute(&self, sql: String) {
        use sqlx::Executor as _;
        let mut root = self.root().await;
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        root.execute(sql).await.unwrap();
    }

    /// Changes a setting for all sessions to come, as in `name = value`.
    pub async fn set(&self, setting: &str) -> bool {
        use sqlx::Executor as _;
        let sql = sqlx::AssertSqlSafe(format!("SET GLOBAL {setting}"));
        let mut root = self.root().await;
        root.execute(sqlx::raw_sql(sql)).await.is_ok()
    }

    fn options(&self) -> MySqlConnectOptions {
        MySqlConnectOptions::new()
            .socket(self.socket())
            .username("root")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(mut keeper) = self.keeper.lock()
            && let Some((mut child, stdin)) = keeper.take()
        {
            drop(stdin);
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Memory if there is enough, else the usual place.
fn roomy() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let free = Command::new("df")
        .args(["--output=avail", "-k"])
        .arg(memory)
        .output()
        .ok()
        .and_then(|output| {
            let text = String::from_utf8(output.stdout).ok()?;
            text.lines().nth(1)?.trim().parse::<u64>().ok()
        });
    match free {
        Some(kib) if kib > 600_000 => memory.to_owned(),
        _ => std::env::temp_dir(),
    }
}

/// A data folder that nobody uses, made once beside the test binaries.
fn template() -> PathBuf {
    let place = std::env::current_exe().unwrap();
    let place = place.ancestors().nth(2).unwrap().join("mariadb-template");
    fs::create_dir_all(&place).unwrap();
    let lock = fs::File::create(place.join("lock")).unwrap();
    lock.lock().unwrap();
    let data = place.join("data");
    if !data.join("made").exists() {
        let _ = fs::remove_dir_all(&data);
        let made = Command::new("mariadb-install-db")
            .args(&OPTIONS[..4])
            .arg(format!("--datadir={}", data.display()))
            .args(["--auth-root-authentication-method=normal", "--skip-test-db"])
            .output()
            .expect("mariadb-install-db of the package mariadb-server is needed");
        assert!(made.status.success(), "{made:?}");
        fs::write(data.join("made"), "").unwrap();
    }
    data
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-r").arg(from).arg(to).status();
    assert!(done.unwrap().success());
}
