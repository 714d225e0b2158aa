//! The database's schema: its versions, and the proof that what is there is exactly ours.
//! Never repairs: a file with one object more or less than ours is refused as it is (promise P15).

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Row};

use crate::connection::Seat;
use crate::error::OpenError;

/// Marks the file as ours: "mexF".
const APPLICATION_ID: i64 = 0x6d65_7846;

/// Each migration's text; its number is its place, from 1.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_recorder.sql"),
    include_str!("../migrations/0002_registry.sql"),
    include_str!("../migrations/0003_finding.sql"),
];

/// The migration whose tables are filled from what is there already.
const FINDING: i64 = 3;

/// The newest schema version this code knows.
pub(crate) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Files up to this size are checked page by page at every start.
const SMALL: u64 = 4 * 1024 * 1024;

/// One object of a schema: type, name, table, SQL text.
type Object = (String, String, String, Option<String>);

/// SQLite 3.51.3 fixed a corruption of WAL files; older ones are refused.
pub(crate) async fn assert_sqlite(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let found: String =
        sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await.map_err(
            |error| OpenError::Db { path: Path::new(":version:").into(), why: error.to_string() },
        )?;
    let parts: Vec<u32> = found.split('.').filter_map(|part| part.parse().ok()).collect();
    if parts.as_slice() < [3, 51, 3].as_slice() {
        return Err(OpenError::OldSqlite { found });
    }
    Ok(())
}

/// The schema version of an open database; refuses a newer one and another product's.
async fn version(connection: &mut SqliteConnection, path: &Path) -> Result<i64, OpenError> {
    let found: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| fault(path, &error))?;
    if found > KNOWN {
        return Err(OpenError::Future { path: path.into(), found, known: KNOWN });
    }
    let application: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| fault(path, &error))?;
    if found < 0 || (found > 0 && application != APPLICATION_ID) {
        let why = format!("it is not a Flight Recorder: application id {application}");
        return Err(OpenError::Corrupt { path: path.into(), why });
    }
    if found == 0 {
        let others: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master")
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| fault(path, &error))?;
        if others != 0 || application != 0 {
            let why = "it is another product's database".to_owned();
            return Err(OpenError::Corrupt { path: path.into(), why });
        }
    }
    Ok(found)
}

/// Looks at an existing file without changing it: version, schema, and every page of a small one.
///
/// # Errors
/// When it is damaged, foreign, newer, or holds a view, trigger, table or index that is not ours.
pub(crate) fn inspect(path: &Path) -> Result<(), OpenError> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.len() > 0 => {}
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(OpenError::DataDir { path: path.into(), why: error.to_string() }),
    }
    let small = std::fs::metadata(path).is_ok_and(|meta| meta.len() <= SMALL);
    let pages = if small { Pages::All } else { Pages::Touched };
    let options = crate::connection::reading(path).read_only(true);
    match look(&options, path, pages) {
        // A first start that was killed before its database was in WAL mode. Only SQLite can say what
        // the journal undoes, and it would do so in the file: let it, in a copy.
        Err(Look::HotJournal) if pages == Pages::All => {
            let copy = copied(path).map_err(|error| OpenError::DataDir {
                path: path.into(),
                why: error.to_string(),
            })?;
            let options = crate::connection::reading(&copy.path().join(COPY));
            look(&options, path, pages).map_err(|look| look.refusal(path))
        }
        result => result.map_err(|look| look.refusal(path)),
    }
}

/// Which pages of a file a start checks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pages {
    All,
    Touched,
}

/// The name of the copy of a database that is looked at with its journal.
const COPY: &str = "copy.sqlite3";

/// Why a look at a file did not find a recorder.
enum Look {
    /// SQLite would have to undo a transaction before it can read.
    HotJournal,
    Refused(OpenError),
}

impl Look {
    fn refusal(self, path: &Path) -> OpenError {
        match self {
            Self::HotJournal => OpenError::Corrupt {
                path: path.into(),
                why: "a transaction of another program is half-written in it".to_owned(),
            },
            Self::Refused(error) => error,
        }
    }

    fn of(path: &Path, error: &sqlx::Error) -> Self {
        // SQLITE_READONLY_ROLLBACK
        if extended_code(error) == Some(776) {
            Self::HotJournal
        } else {
            Self::Refused(fault(path, error))
        }
    }
}

fn copied(path: &Path) -> std::io::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let journal = |path: &Path| {
        let mut name = path.as_os_str().to_owned();
        name.push("-journal");
        std::path::PathBuf::from(name)
    };
    let copy = folder.path().join(COPY);
    std::fs::copy(path, &copy)?;
    std::fs::copy(journal(path), journal(&copy))?;
    Ok(folder)
}

fn look(options: &SqliteConnectOptions, path: &Path, pages: Pages) -> Result<(), Look> {
    let mut seat = Seat::connect(options).map_err(|error| Look::of(path, &error))?;
    let result = seat.run(async |connection| {
        // The first read: here a journal shows.
        sqlx::query_scalar::<_, i64>("PRAGMA user_version")
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| Look::of(path, &error))?;
        let found = version(connection, path).await.map_err(Look::Refused)?;
        if found == 0 {
            return Ok(());
        }
        compare(connection, path, found).await.map_err(Look::Refused)?;
        if pages == Pages::All {
            let check: String = sqlx::query_scalar("PRAGMA quick_check(1)")
                .fetch_one(&mut *connection)
                .await
                .map_err(|error| Look::of(path, &error))?;
            if check != "ok" {
                let corrupt = OpenError::Corrupt { path: path.into(), why: check };
                return Err(Look::Refused(corrupt));
            }
        }
        Ok(())
    });
    seat.close();
    result
}

/// Brings the database to the newest version, each migration whole or not at all (promise P14).
pub(crate) async fn migrate(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), OpenError> {
    if version(connection, path).await? < KNOWN {
        upgrade(connection, path).await?;
    }
    compare(connection, path, KNOWN).await
}

async fn upgrade(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let mut transaction =
        connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| fault(path, &error))?;
    // Another process may have been faster.
    let from = version(&mut transaction, path).await?;
    for (text, number) in MIGRATIONS.iter().zip(1i64..).filter(|(_, number)| *number > from) {
        sqlx::raw_sql(*text)
            .execute(&mut *transaction)
            .await
            .map_err(|error| fault(path, &error))?;
        if number == FINDING {
            crate::terms::fill(&mut transaction).await.map_err(|error| fault(path, &error))?;
        }
        let stamp =
            format!("PRAGMA user_version = {number}; PRAGMA application_id = {APPLICATION_ID}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(stamp))
            .execute(&mut *transaction)
            .await
            .map_err(|error| fault(path, &error))?;
    }
    transaction.commit().await.map_err(|error| fault(path, &error))
}

/// Refuses any object that is not exactly what the migrations make.
async fn compare(
    connection: &mut SqliteConnection,
    path: &Path,
    version: i64,
) -> Result<(), OpenError> {
    match differences(connection, version).await.map_err(|error| fault(path, &error))?.first() {
        None => Ok(()),
        Some(why) => Err(OpenError::Corrupt { path: path.into(), why: why.clone() }),
    }
}

/// Every object that is not as the migrations up to `version` make it, as a sentence each.
pub(crate) async fn differences(
    connection: &mut SqliteConnection,
    version: i64,
) -> Result<Vec<String>, sqlx::Error> {
    let found = objects(connection).await?;
    let mut model =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().in_memory(true)).await?;
    for (text, _) in MIGRATIONS.iter().zip(1i64..).filter(|(_, number)| *number <= version) {
        sqlx::raw_sql(*text).execute(&mut model).await?;
    }
    let expected = objects(&mut model).await?;
    model.close().await?;
    let mut sentences = Vec::new();
    for object in &found {
        if !expected.contains(object) {
            sentences.push(format!("the {} `{}` is not ours", object.0, object.1));
        }
    }
    for object in &expected {
        if !found.contains(object) {
            sentences.push(format!("the {} `{}` is missing or changed", object.0, object.1));
        }
    }
    Ok(sentences)
}

async fn objects(connection: &mut SqliteConnection) -> Result<Vec<Object>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name, type")
            .fetch_all(connection)
            .await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?)))
        .collect()
}

/// A SQLite fault, told apart: damage is `MEX-DATA-CORRUPT`, the rest `HSK-500-DB`.
pub(crate) fn fault(path: &Path, error: &sqlx::Error) -> OpenError {
    let why = error.to_string();
    // 11 SQLITE_CORRUPT, 26 SQLITE_NOTADB, 1 SQLITE_ERROR while reading the schema; low byte each.
    match extended_code(error).map(|code| code & 0xff) {
        Some(11 | 26) => OpenError::Corrupt { path: path.into(), why },
        Some(8 | 14) => OpenError::DataDir { path: path.into(), why },
        Some(1) if why.contains("malformed") => OpenError::Corrupt { path: path.into(), why },
        _ => OpenError::Db { path: path.into(), why },
    }
}

/// SQLite's own number for an error.
fn extended_code(error: &sqlx::Error) -> Option<i32> {
    match error {
        sqlx::Error::Database(database) => database.code()?.parse().ok(),
        _ => None,
    }
}
