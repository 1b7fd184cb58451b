#include "host/store/migrations.hpp"

#include <array>
#include <string>

#include "host/base/error.hpp"

namespace formulary {
namespace {

/// Marks the file as ours: "Fmly".
constexpr std::int64_t application_id = 0x466D6C79;

struct Migration {
  std::int64_t version;
  const char* sql;
};

/// A released migration is never edited, only followed by another.
constexpr std::array<Migration, 8> migrations = {{
    {1, R"sql(
      CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL
      ) STRICT;
      CREATE TABLE instances (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,  -- an id is never given twice
        name         TEXT NOT NULL,
        element_key  TEXT NOT NULL,
        token_sha256 BLOB NOT NULL UNIQUE,
        token        BLOB NOT NULL,                      -- sealed
        document     TEXT NOT NULL,
        secrets      BLOB NOT NULL,                      -- sealed
        created      TEXT NOT NULL,
        UNIQUE (element_key, name)
      ) STRICT;
    )sql"},
    {2, R"sql(
      -- Tells this data folder from every other one, in keys that vendors see.
      INSERT INTO meta (key, value) VALUES ('installation', randomblob(16));
      CREATE TABLE counter (
        name  TEXT PRIMARY KEY,
        value INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE formula_version (
        id         INTEGER PRIMARY KEY,
        content_id TEXT NOT NULL UNIQUE,
        document   TEXT NOT NULL
      ) STRICT;
      CREATE TABLE formula (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        version INTEGER NOT NULL REFERENCES formula_version,
        name    TEXT NOT NULL,
        active  INTEGER NOT NULL,
        created INTEGER NOT NULL,                        -- times: milliseconds since 1970
        updated INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE formula_instance (
        id                 INTEGER PRIMARY KEY AUTOINCREMENT,
        formula            INTEGER NOT NULL REFERENCES formula,
        name               TEXT NOT NULL,
        configuration      BLOB NOT NULL,                -- sealed JSON
        settings           TEXT NOT NULL,                -- JSON
        active             INTEGER NOT NULL,
        single_threaded    INTEGER NOT NULL,
        created            INTEGER NOT NULL,
        updated            INTEGER NOT NULL,
        consecutive_errors INTEGER NOT NULL DEFAULT 0,
        first_error        INTEGER NOT NULL DEFAULT 0,
        warnings           INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE INDEX formula_instance_formula ON formula_instance (formula);
      CREATE TABLE schedule (
        formula_instance INTEGER PRIMARY KEY,
        last_fire        INTEGER NOT NULL,               -- the moment that the schedule named, not when it was served
        missed           INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE TABLE host (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,       -- a new one for each start: it is the fencing epoch
        started INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE execution (
        id               INTEGER PRIMARY KEY,            -- from `counter`, never given twice
        formula_instance INTEGER NOT NULL,               -- 0: none
        version          INTEGER NOT NULL,
        owner            INTEGER NOT NULL,
        state            INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5),
        status           TEXT NOT NULL,
        reason           TEXT NOT NULL DEFAULT '',
        created          INTEGER NOT NULL,
        ended            INTEGER NOT NULL DEFAULT 0,
        due              INTEGER NOT NULL DEFAULT 0,
        wait_name        TEXT NOT NULL DEFAULT '',
        steps            INTEGER NOT NULL DEFAULT 0,
        turns_max        INTEGER NOT NULL DEFAULT 0,
        event_id         TEXT NOT NULL DEFAULT '',
        object_id        TEXT NOT NULL DEFAULT '',
        crashes          INTEGER NOT NULL DEFAULT 0,
        crash_mark       INTEGER NOT NULL DEFAULT 0      -- its last journal row when the host crashed
      ) STRICT;
      CREATE INDEX execution_formula_instance ON execution (formula_instance);
      CREATE INDEX execution_open ON execution (state, owner) WHERE state <> 0;
      CREATE TABLE journal (
        id        INTEGER PRIMARY KEY,
        execution INTEGER NOT NULL,
        data      BLOB NOT NULL
      ) STRICT;
      CREATE INDEX journal_execution ON journal (execution);
      CREATE TABLE body (
        id   INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,                       -- SHA-256 of what it was before it was compressed
        size INTEGER NOT NULL,
        data BLOB NOT NULL                               -- zstd
      ) STRICT;
      CREATE TABLE body_use (
        execution INTEGER NOT NULL,
        body      INTEGER NOT NULL REFERENCES body,
        PRIMARY KEY (execution, body)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX body_use_body ON body_use (body);
    )sql"},
    {3, R"sql(
      CREATE TABLE organization (
        id            INTEGER PRIMARY KEY AUTOINCREMENT,
        name          TEXT NOT NULL,
        secret_sha256 BLOB NOT NULL UNIQUE,
        secret        BLOB NOT NULL,                     -- sealed
        settings      TEXT NOT NULL DEFAULT '{}',        -- JSON
        created       INTEGER NOT NULL,
        updated       INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE account (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,
        organization INTEGER NOT NULL REFERENCES organization,
        name         TEXT NOT NULL,
        external_id  TEXT NOT NULL,
        description  TEXT NOT NULL,
        is_default   INTEGER NOT NULL,                   -- the organization's first one
        active       INTEGER NOT NULL,
        roles        TEXT NOT NULL,                      -- keys, with spaces between them
        settings     TEXT NOT NULL DEFAULT '{}',         -- JSON
        created      INTEGER NOT NULL,
        updated      INTEGER NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX account_external_id ON account (organization, external_id) WHERE external_id <> '';
      CREATE TABLE user (
        id            INTEGER PRIMARY KEY AUTOINCREMENT,
        account       INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
        email         TEXT NOT NULL COLLATE NOCASE UNIQUE,
        first_name    TEXT NOT NULL,
        last_name     TEXT NOT NULL,
        roles         TEXT NOT NULL,                     -- keys, with spaces between them
        active        INTEGER NOT NULL,
        password      TEXT NOT NULL,                     -- salt, cost and scrypt of it; empty: none fits
        secret_sha256 BLOB NOT NULL UNIQUE,
        secret        BLOB NOT NULL,                     -- sealed
        created       INTEGER NOT NULL,
        updated       INTEGER NOT NULL,
        last_login    INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE INDEX user_account ON user (account);
      CREATE TABLE session (
        token_sha256 BLOB PRIMARY KEY,
        user         INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
        expires      INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX session_user ON session (user, expires);

      -- Names are no longer unique: each account chooses its own, and the platform lets two instances share one.
      CREATE TABLE instances_of_accounts (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,
        name         TEXT NOT NULL,
        element_key  TEXT NOT NULL,
        token_sha256 BLOB NOT NULL UNIQUE,
        token        BLOB NOT NULL,                      -- sealed
        document     TEXT NOT NULL,
        secrets      BLOB NOT NULL,                      -- sealed
        created      TEXT NOT NULL,
        updated      TEXT NOT NULL DEFAULT '',
        account      INTEGER NOT NULL DEFAULT 0,         -- 0: of this machine, until it has an account
        user         INTEGER NOT NULL DEFAULT 0,         -- who made it; 0: somebody at this machine
        disabled     INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      INSERT INTO instances_of_accounts (id, name, element_key, token_sha256, token, document, secrets, created)
        SELECT id, name, element_key, token_sha256, token, document, secrets, created FROM instances;
      -- Ids that were given before the newest one that is left are not given again either.
      DELETE FROM sqlite_sequence WHERE name = 'instances_of_accounts';
      INSERT INTO sqlite_sequence (name, seq)
        SELECT 'instances_of_accounts', seq FROM sqlite_sequence WHERE name = 'instances';
      DROP TABLE instances;
      ALTER TABLE instances_of_accounts RENAME TO instances;
      CREATE INDEX instances_name ON instances (element_key, name);
      CREATE INDEX instances_account ON instances (account);
      ALTER TABLE formula ADD COLUMN account INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE formula ADD COLUMN user INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE formula_instance ADD COLUMN account INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE formula_instance ADD COLUMN user INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX formula_account ON formula (account);
      CREATE INDEX formula_instance_account ON formula_instance (account);

      -- What the command line makes is the first account's, as soon as there is one.
      CREATE VIEW first_account AS SELECT coalesce(min(id), 0) AS id FROM account WHERE is_default <> 0;
      CREATE TRIGGER instances_owner AFTER INSERT ON instances WHEN new.account = 0 BEGIN
        UPDATE instances SET account = (SELECT id FROM first_account) WHERE id = new.id;
      END;
      CREATE TRIGGER formula_owner AFTER INSERT ON formula WHEN new.account = 0 BEGIN
        UPDATE formula SET account = (SELECT id FROM first_account) WHERE id = new.id;
      END;
      CREATE TRIGGER formula_instance_owner AFTER INSERT ON formula_instance WHEN new.account = 0 BEGIN
        UPDATE formula_instance SET account = (SELECT id FROM first_account) WHERE id = new.id;
      END;
    )sql"},
    {4, R"sql(
      CREATE TABLE element (
        id       INTEGER PRIMARY KEY,                    -- from `counter`, never given twice
        account  INTEGER NOT NULL,
        key      TEXT NOT NULL,
        origin   TEXT NOT NULL,                          -- key of the plugin's element that serves it; '': none
        document BLOB NOT NULL,                          -- sealed JSON
        created  INTEGER NOT NULL,
        updated  INTEGER NOT NULL,
        UNIQUE (account, key)
      ) STRICT;
      CREATE TABLE element_extension (
        id       INTEGER PRIMARY KEY,                    -- from `counter`
        account  INTEGER NOT NULL,
        key      TEXT NOT NULL,                          -- of the plugin's element
        document BLOB NOT NULL,                          -- sealed JSON
        UNIQUE (account, key)
      ) STRICT;
      CREATE TABLE hub (
        id       INTEGER PRIMARY KEY,                    -- from `counter`
        account  INTEGER NOT NULL,
        key      TEXT NOT NULL,
        document TEXT NOT NULL,
        UNIQUE (account, key)
      ) STRICT;
      CREATE TRIGGER account_elements AFTER DELETE ON account BEGIN
        DELETE FROM element WHERE account = old.id;
        DELETE FROM element_extension WHERE account = old.id;
        DELETE FROM hub WHERE account = old.id;
      END;
    )sql"},
    {5, R"sql(
      ALTER TABLE formula ADD COLUMN original INTEGER NOT NULL DEFAULT 0;        -- version before an upgrade; 0: none
      ALTER TABLE formula_instance ADD COLUMN paused INTEGER NOT NULL DEFAULT 0; -- its schedule rests
      CREATE TRIGGER account_formulas AFTER DELETE ON account BEGIN
        DELETE FROM schedule WHERE formula_instance IN (SELECT id FROM formula_instance WHERE account = old.id);
        DELETE FROM formula_instance WHERE account = old.id;
        DELETE FROM formula WHERE account = old.id;
      END;
    )sql"},
    {6, R"sql(
      CREATE TABLE request_log (
        id            INTEGER PRIMARY KEY,
        request_id    TEXT NOT NULL,
        at            INTEGER NOT NULL,
        account       INTEGER NOT NULL,
        user          INTEGER NOT NULL,
        instance      INTEGER NOT NULL,                  -- 0: none's
        element_key   TEXT NOT NULL,
        instance_name TEXT NOT NULL,
        tags          TEXT NOT NULL,                     -- JSON
        hub           TEXT NOT NULL,
        method        TEXT NOT NULL,
        path          TEXT NOT NULL,
        status        INTEGER NOT NULL,
        duration      INTEGER NOT NULL,                  -- microseconds
        peer          TEXT NOT NULL
      ) STRICT;
      CREATE INDEX request_log_account ON request_log (account, id);
      CREATE INDEX request_log_request ON request_log (request_id);
      CREATE INDEX request_log_at ON request_log (at);
    )sql"},
    {7, R"sql(
      CREATE TABLE event (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,  -- an id is never given twice
        account      INTEGER NOT NULL,
        instance     INTEGER NOT NULL,
        element_key  TEXT NOT NULL,
        at           INTEGER NOT NULL,
        status       INTEGER NOT NULL,                   -- EventStatus
        due          INTEGER NOT NULL,                   -- 0: nothing is left to be done
        attempts     INTEGER NOT NULL,
        vendor_id    TEXT NOT NULL,                      -- '': not known
        count        INTEGER NOT NULL,                   -- event objects
        bytes        INTEGER NOT NULL,
        events       BLOB NOT NULL,                      -- encrypted
        payload      BLOB NOT NULL,                      -- encrypted
        dispositions TEXT NOT NULL                       -- JSON
      ) STRICT;
      CREATE UNIQUE INDEX event_vendor ON event (instance, vendor_id) WHERE vendor_id <> '';
      CREATE INDEX event_account ON event (account, id);
      CREATE INDEX event_instance ON event (instance, id);
      CREATE INDEX event_due ON event (due) WHERE due > 0;
      CREATE INDEX event_at ON event (at);
      CREATE TABLE event_poll (
        instance INTEGER NOT NULL,
        resource TEXT NOT NULL,
        floor    INTEGER NOT NULL,
        last     INTEGER NOT NULL,
        sweep    INTEGER NOT NULL,
        cursor   TEXT NOT NULL,
        due      INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        error    TEXT NOT NULL,
        PRIMARY KEY (instance, resource)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE event_told (
        instance INTEGER NOT NULL,
        resource TEXT NOT NULL,
        object   TEXT NOT NULL,
        at       INTEGER NOT NULL,
        PRIMARY KEY (instance, resource, object, at)
      ) STRICT, WITHOUT ROWID;
      CREATE TRIGGER instance_events AFTER DELETE ON instances BEGIN
        DELETE FROM event WHERE instance = old.id;
        DELETE FROM event_poll WHERE instance = old.id;
        DELETE FROM event_told WHERE instance = old.id;
      END;
      CREATE TRIGGER account_events AFTER DELETE ON account BEGIN
        DELETE FROM event WHERE account = old.id;
      END;
    )sql"},
    {8, R"sql(
      CREATE TABLE notification (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,
        account      INTEGER NOT NULL,
        uid          TEXT NOT NULL UNIQUE,               -- what receivers tell them apart by
        severity     TEXT NOT NULL,
        topic        TEXT NOT NULL,
        message      TEXT NOT NULL,                      -- JSON
        sender       TEXT NOT NULL,
        created      INTEGER NOT NULL,
        acknowledged INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE INDEX notification_account ON notification (account, topic, id);
      CREATE INDEX notification_created ON notification (created);
      CREATE TABLE subscription (
        id       INTEGER PRIMARY KEY AUTOINCREMENT,
        account  INTEGER NOT NULL,
        owner    TEXT NOT NULL,                          -- '': a person; else whose destination it is
        channel  TEXT NOT NULL,
        topics   TEXT NOT NULL,                          -- JSON array
        url      TEXT NOT NULL,
        config   TEXT NOT NULL,                          -- JSON
        secrets  BLOB NOT NULL,                          -- sealed JSON
        active   INTEGER NOT NULL,
        created  INTEGER NOT NULL,
        updated  INTEGER NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX subscription_owner ON subscription (account, owner, url) WHERE owner <> '';
      CREATE INDEX subscription_account ON subscription (account, id);
      CREATE TABLE delivery (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,
        account      INTEGER NOT NULL,
        notification INTEGER NOT NULL REFERENCES notification ON DELETE CASCADE,
        subscription INTEGER NOT NULL REFERENCES subscription ON DELETE CASCADE,
        status       INTEGER NOT NULL CHECK (status BETWEEN 0 AND 4),
        attempts     INTEGER NOT NULL DEFAULT 0,
        due          INTEGER NOT NULL,                   -- while somebody sends it: when he is taken for dead
        error        TEXT NOT NULL DEFAULT '',           -- of the last attempt
        created      INTEGER NOT NULL,
        updated      INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX delivery_due ON delivery (subscription, due, id) WHERE status <= 1;
      CREATE INDEX delivery_queued ON delivery (account, id) WHERE status = 2;
      CREATE INDEX delivery_account ON delivery (account, id);
      CREATE INDEX delivery_notification ON delivery (notification);
      CREATE TRIGGER account_notifications AFTER DELETE ON account BEGIN
        DELETE FROM notification WHERE account = old.id;
        DELETE FROM subscription WHERE account = old.id;
      END;
    )sql"},
}};

std::int64_t number_of(Database& database, const std::string& sql) {
  Statement statement = database.prepare(sql);
  return statement.step() ? statement.number(0) : 0;
}

std::int64_t prepared_version(Database& database, const std::filesystem::path& file) {
  const std::int64_t mark = number_of(database, "PRAGMA application_id");
  if (mark == 0 && number_of(database, "SELECT count(*) FROM sqlite_schema") == 0) {
    database.run("PRAGMA application_id = " + std::to_string(application_id) +
                 "; CREATE TABLE migrations (version INTEGER PRIMARY KEY) STRICT");
    return 0;
  }
  if (mark != application_id) {
    throw Error(ErrorCode::store_failed,
                file.string() + ": this is another program's database; choose another data folder");
  }
  return number_of(database, "SELECT max(version) FROM migrations");
}

/// Of a file that was made before pages could be given back one by one, which it learns by being written anew, once.
void give_space_back_later(Database& database) {
  constexpr std::int64_t incremental = 2;
  if (number_of(database, "PRAGMA auto_vacuum") != incremental) {
    database.run("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
  }
}

}  // namespace

void migrate(Database& database, const std::filesystem::path& file) {
  Transaction transaction(database);
  const std::int64_t version = prepared_version(database, file);
  const std::int64_t newest = migrations.back().version;
  if (version > newest) {
    throw Error(ErrorCode::store_failed, file.string() + ": the database is of version " + std::to_string(version) +
                                             " and this program knows up to " + std::to_string(newest) +
                                             "; use the newer program, or restore a backup from before it");
  }
  for (const Migration& migration : migrations) {
    if (migration.version <= version) continue;
    database.run(migration.sql);
    database.prepare("INSERT INTO migrations (version) VALUES (?1)").bind(1, migration.version).run();
  }
  transaction.commit();
  give_space_back_later(database);
}

}  // namespace formulary
