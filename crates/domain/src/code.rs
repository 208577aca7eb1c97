//! Stable error codes. `docs/errors.md` has a section for each of them; a test compares the two.

/// A code that a person can search for and a program can compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// E-mail and password do not open an account.
    InvalidCredentials,
    /// Sign-in failed too often with this address.
    Throttled,
    /// Many asked for an account within the last hour.
    RegistrationThrottled,
    /// The request carries no session token.
    SessionRequired,
    /// The session token is unknown, ended or too old.
    SessionExpired,
    /// The user has no such session, or it has ended.
    SessionNotFound,
    /// The first account was set up before.
    SetupDone,
    /// The caller's role does not allow it.
    PermissionDenied,
    /// A tenant header is missing.
    SelectorMissing,
    /// The client account does not exist or is not the caller's.
    ClientAccountNotFound,
    /// The engagement does not exist in this client account.
    EngagementNotFound,
    /// The engagement is closed, and what is in it stays as it is.
    EngagementClosed,
    /// The user does not exist, or is nobody whom the caller may see.
    UserNotFound,
    /// The asset does not exist in this engagement.
    AssetNotFound,
    /// Something refers to the asset and does not go with it.
    AssetInUse,
    /// The change does not exist in this engagement.
    ChangeNotFound,
    /// The change was taken back before.
    ChangeUndone,
    /// The user keeps no such view.
    ViewNotFound,
    /// The caller has begun no such export.
    ExportNotFound,
    /// No such boot is recorded.
    BootNotFound,
    /// No such examination is remembered.
    ExaminationNotFound,
    /// The program was started without the doctor and the lab.
    LabMissing,
    /// As many runs as there may be have their clusters.
    LabBusy,
    /// No such run is remembered.
    RunNotFound,
    /// The run has no remedy to apply now.
    RunNotDiagnosed,
    /// A scenario could not be played to its end.
    RunUnplayable,
    /// There is no such scenario.
    ScenarioUnknown,
    /// Scenarios that cannot be there at the same time.
    ScenariosApart,
    /// The folder of downloads cannot be written to.
    ExportUnwritable,
    /// What was to be changed has been changed by somebody else since it was read.
    ConflictStale,
    /// The body is not JSON.
    RequestMalformed,
    /// A field, parameter or header has the wrong form.
    RequestInvalid,
    /// The body is larger than allowed.
    RequestTooLarge,
    /// The body is not sent as JSON.
    UnsupportedMediaType,
    /// The path exists, but not for this method.
    MethodNotAllowed,
    /// No such path.
    RouteNotFound,
    /// A reset, a restore or a snapshot runs already.
    MaintenanceBusy,
    /// No earlier state is kept.
    NothingToUndo,
    /// The live database could not be replaced by another.
    ExchangeFailed,
    /// The boot has not come to its end.
    NotReady,
    /// The database does not answer.
    DatabaseUnavailable,
    /// The disk that holds the data is full.
    DiskFull,
    /// The database server ended while it was needed.
    DatabaseLost,
    /// The boot was broken off because the program is to end.
    BootCancelled,
    /// A defect of the program.
    Internal,
    /// The loopback door got a peer that is not on this machine.
    PeerRefused,
    /// The loopback door got a `Host` that is not its own.
    HostRefused,
    /// The loopback door got an `Origin` that is not its own.
    OriginRefused,
    /// The settings contradict each other or cannot be read.
    SettingsInvalid,
    /// The started server does not accept a connection.
    DatabaseUnreachable,
    /// The server is not PostgreSQL 16 with pgvector.
    DatabaseUnsuitable,
    /// Roles, database or schema cannot be created.
    BootstrapFailed,
    /// The database holds somebody else's tables.
    BootstrapForeign,
    /// The database was migrated by a newer build.
    HistoryAhead,
    /// An applied migration differs from the shipped one.
    HistoryChanged,
    /// A migration was begun and not finished.
    HistoryDirty,
    /// An applied migration differs from the shipped one in line ends alone.
    HistoryLineEndings,
    /// An applied migration is not shipped, and no newer build's.
    HistoryUnknown,
    /// A shipped migration is not applied, though a later one is.
    HistoryOutOfOrder,
    /// The history lies in another schema.
    HistoryElsewhere,
    /// The history lies in two schemas.
    HistoryDoubled,
    /// The history's table is not as the migrator makes it.
    HistoryMalformed,
    /// A migration is recorded more than once.
    HistoryDuplicate,
    /// There are tables, and no history.
    HistoryMissing,
    /// There is a history, and no table.
    HistoryTablesMissing,
    /// The catalogue differs from what the last applied migration leaves, and others are pending.
    HistorySchemaDiffers,
    /// Alembic's history is missing.
    HistoryAlembicMissing,
    /// Alembic's history takes too few characters.
    HistoryAlembicNarrow,
    /// Alembic's history has more than one row.
    HistoryAlembicHeads,
    /// Alembic's history names another revision.
    HistoryAlembicForeign,
    /// A migration failed and was rolled back.
    MigrateFailed,
    /// A migration waited for a lock in vain and was rolled back.
    MigrateBlocked,
    /// Another program has the migrator's lock.
    MigrateLocked,
    /// There is an index that was begun and not finished.
    MigrateHalfApplied,
    /// The migrations ran, and the history is not what they must leave.
    MigrateIncomplete,
    /// The migrations ran, and the schema is not what they must leave.
    MigrateSchemaDiffers,
    /// A table that the product needs is missing.
    TableMissing,
    /// A tenant-owned table is open to other tenants.
    TenancyOpen,
    /// The application role may do more than it must.
    RoleUnsafe,
    /// The schema is not what its migrations leave.
    SchemaDrifted,
    /// An audit log is not as it was written.
    AuditBroken,
    /// Default users or demo data cannot be added.
    SeedFailed,
    /// A deployment's database is none of the platform's.
    IntakeUnknown,
    /// A deployment's rows cannot be taken in.
    IntakeFailed,
    /// No default user can be signed in.
    LoginImpossible,
    /// The API cannot be opened.
    ServeFailed,
    /// The TCP port for a command cannot be opened.
    ExecPortFailed,
    /// A command cannot be run.
    ExecCommandFailed,
    /// A text is no connection URL of PostgreSQL.
    UrlUnreadable,
    /// There is no psql.
    PsqlMissing,
    /// There is no server log.
    LogMissing,
    /// Nobody can be asked whether it is meant.
    Unconfirmed,
    /// Several snapshots have the name that was given.
    SnapshotAmbiguous,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: &[Self] = &[
        Self::InvalidCredentials,
        Self::Throttled,
        Self::RegistrationThrottled,
        Self::SessionRequired,
        Self::SessionExpired,
        Self::SessionNotFound,
        Self::SetupDone,
        Self::PermissionDenied,
        Self::SelectorMissing,
        Self::ClientAccountNotFound,
        Self::EngagementNotFound,
        Self::EngagementClosed,
        Self::UserNotFound,
        Self::AssetNotFound,
        Self::AssetInUse,
        Self::ChangeNotFound,
        Self::ChangeUndone,
        Self::ViewNotFound,
        Self::ExportNotFound,
        Self::BootNotFound,
        Self::ExaminationNotFound,
        Self::LabMissing,
        Self::LabBusy,
        Self::RunNotFound,
        Self::RunNotDiagnosed,
        Self::RunUnplayable,
        Self::ScenarioUnknown,
        Self::ScenariosApart,
        Self::ExportUnwritable,
        Self::ConflictStale,
        Self::RequestMalformed,
        Self::RequestInvalid,
        Self::RequestTooLarge,
        Self::UnsupportedMediaType,
        Self::MethodNotAllowed,
        Self::RouteNotFound,
        Self::MaintenanceBusy,
        Self::NothingToUndo,
        Self::ExchangeFailed,
        Self::NotReady,
        Self::DatabaseUnavailable,
        Self::DiskFull,
        Self::DatabaseLost,
        Self::BootCancelled,
        Self::Internal,
        Self::PeerRefused,
        Self::HostRefused,
        Self::OriginRefused,
        Self::SettingsInvalid,
        Self::DatabaseUnreachable,
        Self::DatabaseUnsuitable,
        Self::BootstrapFailed,
        Self::BootstrapForeign,
        Self::HistoryAhead,
        Self::HistoryChanged,
        Self::HistoryDirty,
        Self::HistoryLineEndings,
        Self::HistoryUnknown,
        Self::HistoryOutOfOrder,
        Self::HistoryElsewhere,
        Self::HistoryDoubled,
        Self::HistoryMalformed,
        Self::HistoryDuplicate,
        Self::HistoryMissing,
        Self::HistoryTablesMissing,
        Self::HistorySchemaDiffers,
        Self::HistoryAlembicMissing,
        Self::HistoryAlembicNarrow,
        Self::HistoryAlembicHeads,
        Self::HistoryAlembicForeign,
        Self::MigrateFailed,
        Self::MigrateBlocked,
        Self::MigrateLocked,
        Self::MigrateHalfApplied,
        Self::MigrateIncomplete,
        Self::MigrateSchemaDiffers,
        Self::TableMissing,
        Self::TenancyOpen,
        Self::RoleUnsafe,
        Self::SchemaDrifted,
        Self::AuditBroken,
        Self::SeedFailed,
        Self::IntakeUnknown,
        Self::IntakeFailed,
        Self::LoginImpossible,
        Self::ServeFailed,
        Self::ExecPortFailed,
        Self::ExecCommandFailed,
        Self::UrlUnreadable,
        Self::PsqlMissing,
        Self::LogMissing,
        Self::Unconfirmed,
        Self::SnapshotAmbiguous,
    ];

    /// The code itself.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidCredentials => "auth.invalid_credentials",
            Self::Throttled => "auth.throttled",
            Self::RegistrationThrottled => "registration.throttled",
            Self::SessionRequired => "auth.session_required",
            Self::SessionExpired => "auth.session_expired",
            Self::SessionNotFound => "session.not_found",
            Self::SetupDone => "setup.done",
            Self::PermissionDenied => "permission.denied",
            Self::SelectorMissing => "tenant.selector_missing",
            Self::ClientAccountNotFound => "client_account.not_found",
            Self::EngagementNotFound => "engagement.not_found",
            Self::EngagementClosed => "engagement.closed",
            Self::UserNotFound => "user.not_found",
            Self::AssetNotFound => "asset.not_found",
            Self::AssetInUse => "asset.in_use",
            Self::ChangeNotFound => "change.not_found",
            Self::ChangeUndone => "change.undone",
            Self::ViewNotFound => "view.not_found",
            Self::ExportNotFound => "export.not_found",
            Self::BootNotFound => "boot.not_found",
            Self::ExaminationNotFound => "doctor.not_found",
            Self::LabMissing => "lab.missing",
            Self::LabBusy => "lab.busy",
            Self::RunNotFound => "lab.run_not_found",
            Self::RunNotDiagnosed => "lab.not_diagnosed",
            Self::RunUnplayable => "lab.unplayable",
            Self::ScenarioUnknown => "lab.scenario_unknown",
            Self::ScenariosApart => "lab.scenarios_apart",
            Self::ExportUnwritable => "export.unwritable",
            Self::ConflictStale => "conflict.stale",
            Self::RequestMalformed => "request.malformed",
            Self::RequestInvalid => "request.invalid",
            Self::RequestTooLarge => "request.too_large",
            Self::UnsupportedMediaType => "request.unsupported_media_type",
            Self::MethodNotAllowed => "request.method_not_allowed",
            Self::RouteNotFound => "route.not_found",
            Self::MaintenanceBusy => "maintenance.busy",
            Self::NothingToUndo => "maintenance.nothing_to_undo",
            Self::ExchangeFailed => "maintenance.exchange_failed",
            Self::NotReady => "platform.not_ready",
            Self::DatabaseUnavailable => "platform.database_unavailable",
            Self::DiskFull => "platform.disk_full",
            Self::DatabaseLost => "database.lost",
            Self::BootCancelled => "boot.cancelled",
            Self::Internal => "platform.internal",
            Self::PeerRefused => "door.peer_refused",
            Self::HostRefused => "door.host_refused",
            Self::OriginRefused => "door.origin_refused",
            Self::SettingsInvalid => "configure.settings_invalid",
            Self::DatabaseUnreachable => "database.unreachable",
            Self::DatabaseUnsuitable => "database.unsuitable",
            Self::BootstrapFailed => "bootstrap.failed",
            Self::BootstrapForeign => "bootstrap.foreign",
            Self::HistoryAhead => "history.ahead",
            Self::HistoryChanged => "history.changed",
            Self::HistoryDirty => "history.dirty",
            Self::HistoryLineEndings => "history.line_endings",
            Self::HistoryUnknown => "history.unknown",
            Self::HistoryOutOfOrder => "history.out_of_order",
            Self::HistoryElsewhere => "history.elsewhere",
            Self::HistoryDoubled => "history.doubled",
            Self::HistoryMalformed => "history.malformed",
            Self::HistoryDuplicate => "history.duplicate",
            Self::HistoryMissing => "history.missing",
            Self::HistoryTablesMissing => "history.tables_missing",
            Self::HistorySchemaDiffers => "history.schema_differs",
            Self::HistoryAlembicMissing => "history.alembic_missing",
            Self::HistoryAlembicNarrow => "history.alembic_narrow",
            Self::HistoryAlembicHeads => "history.alembic_heads",
            Self::HistoryAlembicForeign => "history.alembic_foreign",
            Self::MigrateFailed => "migrate.failed",
            Self::MigrateBlocked => "migrate.blocked",
            Self::MigrateLocked => "migrate.locked",
            Self::MigrateHalfApplied => "migrate.half_applied",
            Self::MigrateIncomplete => "migrate.incomplete",
            Self::MigrateSchemaDiffers => "migrate.schema_differs",
            Self::TableMissing => "verify.table_missing",
            Self::TenancyOpen => "verify.tenancy_open",
            Self::RoleUnsafe => "verify.role_unsafe",
            Self::SchemaDrifted => "verify.schema_drifted",
            Self::AuditBroken => "verify.audit_broken",
            Self::SeedFailed => "seed.failed",
            Self::IntakeUnknown => "intake.unknown",
            Self::IntakeFailed => "intake.failed",
            Self::LoginImpossible => "login.impossible",
            Self::ServeFailed => "serve.failed",
            Self::ExecPortFailed => "exec.port_failed",
            Self::ExecCommandFailed => "exec.command_failed",
            Self::UrlUnreadable => "url.unreadable",
            Self::PsqlMissing => "psql.missing",
            Self::LogMissing => "logs.missing",
            Self::Unconfirmed => "command.unconfirmed",
            Self::SnapshotAmbiguous => "snapshot.name_ambiguous",
        }
    }

    /// The HTTP status with which the API answers; boot codes, which the API never sends, are 500.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::RequestMalformed | Self::SelectorMissing => 400,
            Self::InvalidCredentials | Self::SessionRequired | Self::SessionExpired => 401,
            Self::PermissionDenied | Self::PeerRefused | Self::HostRefused | Self::OriginRefused => 403,
            Self::SessionNotFound
            | Self::ClientAccountNotFound
            | Self::EngagementNotFound
            | Self::UserNotFound
            | Self::AssetNotFound
            | Self::ChangeNotFound
            | Self::ViewNotFound
            | Self::ExportNotFound
            | Self::BootNotFound
            | Self::ExaminationNotFound
            | Self::RunNotFound
            | Self::RouteNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::ConflictStale
            | Self::EngagementClosed
            | Self::AssetInUse
            | Self::ChangeUndone
            | Self::MaintenanceBusy
            | Self::NothingToUndo
            | Self::LabBusy
            | Self::RunNotDiagnosed
            | Self::SetupDone => 409,
            Self::RequestTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::RequestInvalid | Self::ScenarioUnknown | Self::ScenariosApart => 422,
            Self::Throttled | Self::RegistrationThrottled => 429,
            Self::LabMissing => 501,
            Self::NotReady | Self::DatabaseUnavailable => 503,
            Self::DiskFull => 507,
            _ => 500,
        }
    }

    /// A few words that name the error.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::InvalidCredentials => "Sign-in failed",
            Self::Throttled => "Too many failed sign-ins",
            Self::RegistrationThrottled => "Too many registrations",
            Self::SessionRequired => "Sign-in needed",
            Self::SessionExpired => "Session ended",
            Self::SessionNotFound => "Session not found",
            Self::SetupDone => "Already set up",
            Self::PermissionDenied => "Not allowed for you",
            Self::SelectorMissing => "No client account chosen",
            Self::ClientAccountNotFound => "Client account not found",
            Self::EngagementNotFound => "Engagement not found",
            Self::EngagementClosed => "Engagement closed",
            Self::UserNotFound => "User not found",
            Self::AssetNotFound => "Asset not found",
            Self::AssetInUse => "Asset is in use",
            Self::ChangeNotFound => "Change not found",
            Self::ChangeUndone => "Already undone",
            Self::ViewNotFound => "View not found",
            Self::ExportNotFound => "Export not found",
            Self::BootNotFound => "Boot not found",
            Self::ExaminationNotFound => "Examination not found",
            Self::LabMissing => "No doctor and no lab",
            Self::LabBusy => "The lab is busy",
            Self::RunNotFound => "Run not found",
            Self::RunNotDiagnosed => "No remedy to apply",
            Self::RunUnplayable => "The scenario was not played to its end",
            Self::ScenarioUnknown => "Unknown scenario",
            Self::ScenariosApart => "These scenarios do not go together",
            Self::ExportUnwritable => "File cannot be written",
            Self::ConflictStale => "Changed by somebody else",
            Self::RequestMalformed => "Request not understood",
            Self::RequestInvalid => "Request not valid",
            Self::RequestTooLarge => "Request too large",
            Self::UnsupportedMediaType => "Request is not JSON",
            Self::MethodNotAllowed => "Method not allowed",
            Self::RouteNotFound => "Nothing at this address",
            Self::MaintenanceBusy => "Something else is running",
            Self::NothingToUndo => "Nothing to undo",
            Self::ExchangeFailed => "State not replaced",
            Self::NotReady => "Still starting",
            Self::DatabaseUnavailable => "Database not available",
            Self::DiskFull => "Disk full",
            Self::DatabaseLost => "Database server ended",
            Self::BootCancelled => "Boot broken off",
            Self::Internal => "Something went wrong in Drydock",
            Self::PeerRefused => "Not from this machine",
            Self::HostRefused => "Host refused",
            Self::OriginRefused => "Origin refused",
            Self::SettingsInvalid => "Settings not valid",
            Self::DatabaseUnreachable => "Database unreachable",
            Self::DatabaseUnsuitable => "Database unsuitable",
            Self::BootstrapFailed => "Database could not be prepared",
            Self::BootstrapForeign => "Database is not empty, and not ours",
            Self::HistoryAhead => "Database is newer than this build",
            Self::HistoryChanged => "An applied migration was changed",
            Self::HistoryDirty => "A migration was left unfinished",
            Self::HistoryLineEndings => "Line ends of an applied migration differ",
            Self::HistoryUnknown => "An applied migration is unknown",
            Self::HistoryOutOfOrder => "A migration was left out",
            Self::HistoryElsewhere => "History in another schema",
            Self::HistoryDoubled => "Two histories",
            Self::HistoryMalformed => "History is not the migrator's",
            Self::HistoryDuplicate => "A migration is recorded twice",
            Self::HistoryMissing => "Tables without a history",
            Self::HistoryTablesMissing => "History without tables",
            Self::HistorySchemaDiffers => "Schema is not what its history says",
            Self::HistoryAlembicMissing => "Alembic's history is missing",
            Self::HistoryAlembicNarrow => "Alembic's history is too narrow",
            Self::HistoryAlembicHeads => "Alembic's history has two heads",
            Self::HistoryAlembicForeign => "Alembic's history is another's",
            Self::MigrateFailed => "Migration failed",
            Self::MigrateBlocked => "Migration kept waiting",
            Self::MigrateLocked => "Another migrates",
            Self::MigrateHalfApplied => "An index was left unfinished",
            Self::MigrateIncomplete => "Migrations left another history",
            Self::MigrateSchemaDiffers => "Migrations left another schema",
            Self::TableMissing => "Table missing",
            Self::TenancyOpen => "Tenancy not enforced",
            Self::RoleUnsafe => "Application role too powerful",
            Self::SchemaDrifted => "Schema was changed by hand",
            Self::AuditBroken => "Audit log was changed by hand",
            Self::SeedFailed => "Seeding failed",
            Self::IntakeUnknown => "Not a database of the platform",
            Self::IntakeFailed => "Rows could not be taken in",
            Self::LoginImpossible => "No account can sign in",
            Self::ServeFailed => "API could not be opened",
            Self::ExecPortFailed => "No port for the command",
            Self::ExecCommandFailed => "Command could not be run",
            Self::UrlUnreadable => "No connection URL",
            Self::PsqlMissing => "There is no psql",
            Self::LogMissing => "There is no server log",
            Self::Unconfirmed => "Not confirmed",
            Self::SnapshotAmbiguous => "Several snapshots have this name",
        }
    }

    /// What a person does next.
    #[must_use]
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::InvalidCredentials => {
                "Check e-mail and password; where demo accounts are offered, pick one of them."
            }
            Self::SessionRequired | Self::SessionExpired => "Sign in again.",
            Self::SetupDone => "Sign in with the account that was set up.",
            Self::PermissionDenied => "Ask a platform administrator, or sign in as one.",
            Self::SelectorMissing => "Choose a client account and an engagement.",
            Self::ClientAccountNotFound => {
                "Choose a client account from the switcher, or ask a platform administrator for access."
            }
            Self::EngagementNotFound => "Choose an engagement from the switcher.",
            Self::EngagementClosed => "Open the engagement again to change what is in it, or ask who may.",
            Self::UserNotFound => "Choose a user from the list.",
            Self::AssetNotFound => "Look for it in the list of assets; it may have been deleted.",
            Self::AssetInUse => "Take away what refers to the asset first.",
            Self::ChangeNotFound => "Look it up in the history of the asset.",
            Self::ChangeUndone => "Nothing is left to do: the asset's history shows it.",
            Self::ViewNotFound => "Choose one of your saved views.",
            Self::ExportNotFound => "Begin the export anew.",
            Self::BootNotFound => "Choose one of the boots that are listed.",
            Self::ExaminationNotFound => "Examine again.",
            Self::LabMissing => "Use the window or `drydock serve`.",
            Self::LabBusy => "End a run, or wait until one has ended.",
            Self::RunNotFound => "Play the scenario again.",
            Self::RunNotDiagnosed => "Wait for the diagnosis, or play the scenario again.",
            Self::RunUnplayable => "Play it again; if it happens again, report it with the run.",
            Self::ScenarioUnknown => "Choose scenarios that are listed.",
            Self::ScenariosApart => "Play them one after another.",
            Self::ExportUnwritable => {
                "Make the folder writable, or name another with DRYDOCK_DOWNLOADS, and begin the export anew."
            }
            Self::ConflictStale => {
                "Compare your values with the present ones, and save again on top of them or drop yours."
            }
            Self::RequestMalformed | Self::RequestInvalid => "Correct the request and send it again.",
            Self::RequestTooLarge => "Send less at once.",
            Self::UnsupportedMediaType => "Send JSON with content-type application/json.",
            Self::MethodNotAllowed | Self::RouteNotFound => "See /api/openapi.json for what is there.",
            Self::MaintenanceBusy => "Wait until it is done, or cancel it, and try again.",
            Self::NothingToUndo => "Restore a snapshot instead.",
            Self::ExchangeFailed => {
                "Nothing was changed. Close other connections to the database and try again."
            }
            Self::NotReady => "Wait until the boot page says ready, or read there why it stopped.",
            Self::DatabaseUnavailable => {
                "Try again; if it stays so, restart Drydock and copy the report from the boot page."
            }
            Self::DiskFull => "Make room on the disk that holds the data directory and try again.",
            Self::DatabaseLost => {
                "Start Drydock again: it recovers what was committed. The server log in the data directory says why."
            }
            Self::BootCancelled => "Start Drydock again.",
            Self::Internal => {
                "Try again; if it happens again, copy the report and send it to the developers."
            }
            Self::PeerRefused | Self::HostRefused => {
                "Open the address that Drydock printed, on this machine."
            }
            Self::OriginRefused => "Call the API from the page that Drydock serves itself.",
            Self::SettingsInvalid => "Correct the setting and start again.",
            Self::DatabaseUnreachable => "Read the server log in the data directory and start again.",
            Self::DatabaseUnsuitable => "Start with the PostgreSQL 16 tree that Drydock brings.",
            Self::BootstrapFailed | Self::SeedFailed | Self::MigrateFailed => {
                "Nothing was changed by the failed step. Copy the report and start again; if it stays so, start on another data directory."
            }
            Self::IntakeUnknown => {
                "Take in a dump of the platform's own database, with its schema migration or public."
            }
            Self::IntakeFailed => {
                "The throw-away database is gone, and nothing else was touched. The sentence has the cause."
            }
            Self::HistoryAhead => "Start the newer Drydock, or this one on another data directory.",
            Self::HistoryChanged => {
                "Start the build that made this data directory, or use another data directory."
            }
            Self::HistoryDirty => "Restore a copy of the data directory, or use another one.",
            Self::HistoryLineEndings => {
                "Nothing was changed. Run `drydock history --accept-line-endings`, then start again."
            }
            Self::HistoryUnknown | Self::HistoryOutOfOrder => {
                "Nothing was changed. Start the build that has the migration, or a build whose migrations come after all that are applied; `drydock history` lists both."
            }
            Self::HistoryElsewhere | Self::HistoryDoubled => {
                "Nothing was changed. Look at both with `drydock psql`, keep the one in schema migration, and move or drop the other."
            }
            Self::HistoryMalformed | Self::HistoryDuplicate => {
                "Nothing was changed. Restore a snapshot or a copy of the data directory, or use another one."
            }
            Self::HistoryMissing | Self::HistoryTablesMissing => {
                "Nothing was changed. Restore a snapshot or a copy of the data directory, or start on an empty one."
            }
            Self::HistorySchemaDiffers => {
                "Nothing was changed. Undo what was done to the schema by hand, then start again."
            }
            Self::HistoryAlembicMissing
            | Self::HistoryAlembicNarrow
            | Self::HistoryAlembicHeads
            | Self::HistoryAlembicForeign => {
                "Nothing was changed. Put migration.alembic_version right with `drydock psql`, as docs/errors.md shows, then start again."
            }
            Self::MigrateBlocked => {
                "Nothing was changed by the failed step. End the transaction named above, or its program, and start again."
            }
            Self::MigrateLocked => "Wait until the program named above is done, or end it, and start again.",
            Self::MigrateHalfApplied => {
                "Nothing was changed. Drop the index with `drydock psql`, then start again."
            }
            Self::MigrateIncomplete | Self::MigrateSchemaDiffers => {
                "Restore the snapshot or the copy of the data directory from before; send the report to whoever wrote the migration."
            }
            Self::BootstrapForeign => {
                "Nothing was changed. Use another data directory, or move what was found into a database of its own."
            }
            Self::TableMissing | Self::TenancyOpen | Self::RoleUnsafe | Self::SchemaDrifted => {
                "Undo what was done to the database by hand, or use another data directory."
            }
            Self::AuditBroken => {
                "Compare the entries named with a snapshot from before, and find out who could write to the database."
            }
            Self::Throttled => "Wait as long as it says, then try again. Nobody else is affected.",
            Self::RegistrationThrottled => "Wait as long as it says, then try again. What you typed stays.",
            Self::SessionNotFound => "Look at the list again: the session has ended, or was never yours.",
            Self::LoginImpossible => "Reactivate an account in the database, or use another data directory.",
            Self::ServeFailed => "Choose another port and start again.",
            Self::ExecPortFailed => "Try again; if it stays so, read the server log: `drydock logs`.",
            Self::ExecCommandFailed => "Check the command's name and that it may be run.",
            Self::UrlUnreadable => {
                "Set DATABASE_URL to postgresql://user:password@host:port/database; `drydock url` says what is wrong with one."
            }
            Self::PsqlMissing => {
                "Install PostgreSQL's client programs (Debian and Ubuntu: postgresql-client), or put psql on PATH."
            }
            Self::LogMissing => "Check the data directory: a server writes its log when it is first started.",
            Self::Unconfirmed => "Nothing was changed. Say --yes if it is meant.",
            Self::SnapshotAmbiguous => "Give the id instead: `drydock snapshot list`.",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::ErrorCode;

    #[test]
    fn every_code_is_unique() {
        let codes: HashSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
    }
}
