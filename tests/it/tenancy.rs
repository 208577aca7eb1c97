//! Nobody reads or writes what is not their tenant's.

use drydock_domain::ClientAccountId;
use drydock_store::{assets, audit::Origin, engagements};
use serde_json::Value;
use uuid::Uuid;

use crate::app::{ADMINISTRATOR, ANALYST, App, DEMO, DEMO_CLIENT, DEMO_ENGAGEMENT};

async fn clients(app: &App, bearer: &str) -> Vec<Value> {
    let answer = app.get("/api/v1/context/clients", &[("authorization", bearer)]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["clients"].as_array().unwrap().clone()
}

fn named(clients: &[Value]) -> Vec<&str> {
    clients.iter().map(|client| client["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn everybody_sees_the_client_accounts_they_are_members_of() {
    let app = App::new().await;
    for (account, expected, role) in [
        (ADMINISTRATOR, vec!["Alder Health", "Demo Corporation", "Meridian Logistics"], "platform_admin"),
        (
            ("manager@demo-corp.com", "Demo123!"),
            vec!["Alder Health", "Demo Corporation", "Meridian Logistics"],
            "engagement_manager",
        ),
        (ANALYST, vec!["Demo Corporation", "Meridian Logistics"], "analyst"),
        (DEMO, vec!["Demo Corporation"], "analyst"),
        (("viewer@demo-corp.com", "Demo123!"), vec!["Demo Corporation"], "viewer"),
    ] {
        let bearer = app.bearer(account).await;
        let clients = clients(&app, &bearer).await;
        assert_eq!(named(&clients), expected, "{}", account.0);
        assert!(clients.iter().all(|client| client["role"] == role), "{}", account.0);
        // Everybody begins in Demo Corporation, wherever the alphabet has it.
        for client in &clients {
            assert_eq!(client["is_default"], client["name"] == "Demo Corporation", "{}", account.0);
        }
    }
}

#[tokio::test]
async fn a_foreign_and_an_unknown_client_account_get_the_same_404() {
    let app = App::new().await;
    let administrator = app.bearer(ADMINISTRATOR).await;
    let foreign =
        clients(&app, &administrator).await.into_iter().find(|c| c["name"] == "Alder Health").unwrap();
    let foreign_id = foreign["id"].as_str().unwrap();
    let path = format!("/api/v1/context/clients/{foreign_id}/engagements");
    let engagements = app.get(&path, &[("authorization", &administrator)]).await;
    let foreign_engagement = engagements.body["engagements"][0]["id"].as_str().unwrap();

    let bearer = app.bearer(DEMO).await;
    let unknown = Uuid::new_v4().to_string();
    for client in [foreign_id, &unknown] {
        let path = format!("/api/v1/context/clients/{client}/engagements");
        let answer = app.get(&path, &[("authorization", &bearer)]).await;
        assert_eq!(answer.error(), (404, "client_account.not_found"));
        for operation in ["/api/v1/overview", "/api/v1/assets"] {
            let headers = [
                ("authorization", bearer.as_str()),
                ("x-client-account-id", client),
                ("x-engagement-id", foreign_engagement),
            ];
            let answer = app.get(operation, &headers).await;
            assert_eq!(answer.error(), (404, "client_account.not_found"), "{operation}");
        }
    }
    // Their own client account does not open another's engagement.
    for engagement in [foreign_engagement, &unknown] {
        for operation in ["/api/v1/overview", "/api/v1/assets"] {
            let headers = [
                ("authorization", bearer.as_str()),
                ("x-client-account-id", DEMO_CLIENT),
                ("x-engagement-id", engagement),
            ];
            let answer = app.get(operation, &headers).await;
            assert_eq!(answer.error(), (404, "engagement.not_found"), "{operation}");
        }
    }
}

#[tokio::test]
async fn selectors_are_checked_for_presence_and_form() {
    let app = App::new().await;
    let bearer = app.bearer(DEMO).await;
    for operation in ["/api/v1/overview", "/api/v1/assets"] {
        let authorization = ("authorization", bearer.as_str());
        let client = ("x-client-account-id", DEMO_CLIENT);
        let engagement = ("x-engagement-id", DEMO_ENGAGEMENT);
        let ask = async |headers: &[(&str, &str)]| app.get(operation, headers).await;
        assert_eq!(ask(&[client, engagement]).await.error(), (401, "auth.session_required"));
        assert_eq!(ask(&[authorization]).await.error(), (400, "tenant.selector_missing"));
        assert_eq!(ask(&[authorization, client]).await.error(), (400, "tenant.selector_missing"));
        for wrong in ["", "x", "1 or 1=1", "11111111-1111-1111-1111-11111111111"] {
            let answer = ask(&[authorization, ("x-client-account-id", wrong), engagement]).await;
            assert_eq!(answer.error(), (422, "request.invalid"), "{wrong:?}");
            let answer = ask(&[authorization, client, ("x-engagement-id", wrong)]).await;
            assert_eq!(answer.error(), (422, "request.invalid"), "{wrong:?}");
        }
        assert_eq!(ask(&[authorization, client, engagement]).await.status, 200);
    }
}

#[tokio::test]
async fn a_withdrawn_membership_counts_at_once() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    assert_eq!(clients(&app, &bearer).await.len(), 2);
    let analyst = "user_profile_id = (select id from migration.users where email = 'analyst@demo-corp.com')";
    let _ = app.database.sql(&format!(
        "update migration.client_access set is_active = false where {analyst} and client_account_id = '{DEMO_CLIENT}'"
    ));
    assert_eq!(named(&clients(&app, &bearer).await), ["Meridian Logistics"]);
    let path = format!("/api/v1/context/clients/{DEMO_CLIENT}/engagements");
    assert_eq!(app.get(&path, &[("authorization", &bearer)]).await.status, 404);
    let _ = app.database.sql(&format!(
        "update migration.client_access set expires_at = now() - interval '1 second' where {analyst}"
    ));
    assert!(clients(&app, &bearer).await.is_empty());
}

#[tokio::test]
async fn an_archived_client_account_is_nobodys() {
    let app = App::new().await;
    let bearer = app.bearer(ADMINISTRATOR).await;
    let _ = app
        .database
        .sql(&format!("update migration.client_accounts set is_active = false where id = '{DEMO_CLIENT}'"));
    assert_eq!(named(&clients(&app, &bearer).await), ["Alder Health", "Meridian Logistics"]);
    let path = format!("/api/v1/context/clients/{DEMO_CLIENT}/engagements");
    assert_eq!(app.get(&path, &[("authorization", &bearer)]).await.status, 404);
}

#[tokio::test]
async fn a_platform_administrator_is_one_everywhere_or_not_at_all() {
    let app = App::new().await;
    let promote = "update migration.user_roles set role_type = 'platform_admin'
                   where user_id = (select id from migration.users where email = 'viewer@demo-corp.com')";
    let refused = app.database.sql_as("postgres", promote).unwrap_err();
    assert!(refused.contains("ck_user_roles_platform_admin"), "{refused}");
}

/// Every tenant-owned table, asked as the application role without a tenant, with an empty one, and with one
/// tenant for another's rows. Where the demo data has rows, seeing one's own is the positive control.
#[tokio::test]
async fn row_level_security_closes_every_tenant_table() {
    let app = App::new().await;
    let tables = app.database.sql(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'migration' and c.relkind = 'r'
           and c.relname not in ('_sqlx_migrations', 'alembic_version', 'audit_chains', 'boot_history', 'client_access', 'client_accounts',
                                 'password_parameters', 'security_audit_logs', 'seed_history', 'sessions', 'sign_in_attempts', 'snapshot_history',
                                 'user_account_associations', 'user_profiles', 'user_roles', 'users')
         order by 1",
    );
    let tables: Vec<&str> = tables.lines().collect();
    assert!(tables.len() >= 26, "{tables:?}");
    let other = app.database.sql("select id from migration.client_accounts where name = 'Alder Health'");
    let mut with_rows = 0;
    for table in &tables {
        let as_app = |prefix: &str, predicate: &str| {
            app.database
                .sql_as(
                    "drydock_app",
                    &format!("{prefix} select count(*) from migration.{table} {predicate}"),
                )
                .unwrap()
        };
        let foreign = format!("where client_account_id = '{other}'");
        assert_eq!(as_app("", ""), "0", "{table} without a tenant");
        assert_eq!(as_app("set app.client_account_id = '';", ""), "0", "{table} with an empty tenant");
        let demo = format!("set app.client_account_id = '{DEMO_CLIENT}';");
        assert_eq!(as_app(&demo, &foreign), "0", "{table} of another tenant");
        let own = app.database.sql(&format!(
            "select count(*) from migration.{table} where client_account_id = '{DEMO_CLIENT}'"
        ));
        assert_eq!(as_app(&demo, ""), own, "{table} of one's own");
        with_rows += usize::from(own != "0");
    }
    assert!(with_rows >= 3, "too few tables hold rows to show anything");
}

#[tokio::test]
async fn a_row_cannot_be_written_into_another_tenant_nor_refer_to_one() {
    let app = App::new().await;
    let other = app.database.sql("select id from migration.client_accounts where name = 'Alder Health'");
    let demo = format!("set app.client_account_id = '{DEMO_CLIENT}';");
    let insert = |client: &str, engagement: &str| {
        app.database.sql_as(
            "drydock_app",
            &format!(
                "{demo} insert into migration.assets (client_account_id, engagement_id, name, asset_type)
                 values ('{client}', '{engagement}', 'planted', 'server')"
            ),
        )
    };
    let foreign_engagement = app
        .database
        .sql(&format!("select id from migration.engagements where client_account_id = '{other}'"));
    assert!(insert(&other, &foreign_engagement).unwrap_err().contains("row-level security"));
    assert!(insert(DEMO_CLIENT, &foreign_engagement).unwrap_err().contains("foreign key"));
    insert(DEMO_CLIENT, DEMO_ENGAGEMENT).unwrap();
}

#[tokio::test]
async fn the_tenant_does_not_outlive_its_transaction() {
    let app = App::new().await;
    let store = app.database.store();
    let (_, session) = store.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1, &Origin::default()).await.unwrap();
    let session = store.verify_session(&session.token, Origin::default()).await.unwrap();
    let demo = ClientAccountId(DEMO_CLIENT.parse().unwrap());
    let other = app.database.sql("select id from migration.client_accounts where name = 'Alder Health'");
    let other = ClientAccountId(other.parse().unwrap());

    // Committed, dropped and failed transactions in turn, on a pool that reuses its connections.
    for round in 0..24 {
        let (id, expected) = if round % 2 == 0 { (demo, 2) } else { (other, 1) };
        let mut tx = store.tenant(&session, id).await.unwrap();
        let list = engagements::list(&mut tx).await.unwrap();
        assert_eq!(list.len(), expected);
        assert!(list.iter().all(|engagement| engagement.client_account_id == id));
        let count = assets::count(&mut tx, list[0].id, &assets::Filter::default()).await.unwrap();
        assert_eq!(count, list[0].assets);
        match round % 3 {
            0 => tx.commit().await.unwrap(),
            1 => drop(tx),
            _ => {
                let words = vec!["\0".to_owned()];
                let filter = assets::Filter { words, ..assets::Filter::default() };
                assets::count(&mut tx, list[0].id, &filter).await.unwrap_err();
            }
        }
    }
}

#[tokio::test]
async fn the_owner_is_subject_to_row_level_security_as_well() {
    let app = App::new().await;
    let seen = app.database.sql_as("drydock_owner", "select count(*) from migration.assets").unwrap();
    assert_eq!(seen, "0");
    assert!(
        app.database
            .sql_as("drydock_app", "truncate migration.assets")
            .unwrap_err()
            .contains("permission denied")
    );
    assert!(
        app.database
            .sql_as("drydock_app", "create table migration.t ()")
            .unwrap_err()
            .contains("permission denied")
    );
}
