//! `drydock serve`.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use drydock_boot::{
    DemoAccount, Holder, Platform, PostgresError, Settings, StoreError, data_path, listen_for,
};
use drydock_domain::{
    ErrorCode,
    deployment::{self, Variables},
    origin::Origin,
};

use drydock_lab::{Desk, simulator::Simulator};

use crate::{fail, fail_access, fail_code, fail_with, say, signals::Signals};

pub(crate) async fn run(
    mut settings: Settings,
    port: u16,
    ui: Option<PathBuf>,
    variables: Variables,
    signals: &mut Signals,
) -> ExitCode {
    // The door is opened before the boot, whose gate judges them again and tells the page.
    let configuration = match deployment::configuration(&variables) {
        Ok(configuration) => configuration,
        Err(error) => return fail_code(&format!("{error}."), ErrorCode::SettingsInvalid),
    };
    settings.deployment.environment = Some(variables);
    if let Some(ui) = ui.as_deref().filter(|ui| !ui.join("index.html").is_file()) {
        return fail(&format!(
            "There is no index.html in {}. Build the page first: npm run build in ui. [serve.failed]",
            ui.display()
        ));
    }
    // Said before anything else is; the boot takes the data directory or finds out in its turn.
    if let Ok(path) = data_path(&settings)
        && let Ok(Some(holder)) = Holder::of(&path)
    {
        return fail_access(&PostgresError::InUse { path, holder: Some(Box::new(holder)) }.into());
    }
    let ui = ui.or_else(drydock_boot::page);
    let desk = Arc::new(Desk::new(&settings));
    let platform = Platform::new(settings).with_diagnosis(desk);
    platform.simulate_with(Arc::new(Simulator));
    // The door opens first, so that a browser can watch the boot.
    let origins = &configuration.origins;
    let listener = match listen_for(platform.router(), platform.turned_away(), port, ui.as_deref(), origins)
        .await
    {
        Ok(listener) => listener,
        Err(error) => {
            return fail(&format!(
                "Port {port} on 127.0.0.1 cannot be opened: {error}. Choose another one with --port. [serve.failed]"
            ));
        }
    };

    let address = format!("http://{}", listener.address());
    say(&match &ui {
        Some(_) => format!("Drydock boots; watch it at {address}"),
        None => format!("Drydock boots; there is no built page, so {address} answers the API alone"),
    });
    if !configuration.origins.is_empty() {
        let origins: Vec<&str> = configuration.origins.iter().map(Origin::as_str).collect();
        say(&format!("{}: pages of {} may call the API", configuration.environment, origins.join(", ")));
    }
    let code = tokio::select! {
        code = boot_and_wait(&platform, &address) => code,
        () = signals.next() => ExitCode::SUCCESS,
    };
    let ending = async {
        // At once: a page that waits for news holds its connection until the platform ends.
        let ((), stopped) = tokio::join!(listener.close(), platform.shutdown());
        match stopped {
            Ok(()) => code,
            Err(error) => fail(&format!("{error}. {} [{}]", error.next_step(), error.code())),
        }
    };
    // Whoever asks twice does not want to wait: the server ends with this process, which ends here and now.
    match signals.or(ending).await {
        Some(code) => code,
        None => {
            fail("Drydock ended at the second signal, without waiting for its server.");
            std::process::exit(1)
        }
    }
}

/// Boots and serves; returns only when the boot fails or the server is lost.
async fn boot_and_wait(platform: &Platform, address: &str) -> ExitCode {
    if let Err(failure) = platform.boot().await {
        return fail_with(&failure);
    }
    platform.keep().await;
    let known = async {
        Ok::<_, StoreError>((platform.demo_accounts().await?, platform.needs_first_account().await?))
    };
    match known.await {
        Ok((accounts, first)) => say(&welcome(address, &accounts, first)),
        Err(error) => {
            return fail(&format!("The accounts cannot be read: {error}. [{}]", error.code().as_str()));
        }
    }
    fail_with(&platform.lost().await)
}

/// What is said when everything is green. `first`: the first account is still to be set up.
fn welcome(address: &str, accounts: &[DemoAccount], first: bool) -> String {
    let mut lines = vec![format!("Drydock is ready at {address}")];
    if first {
        lines.push(
            "There is no account yet: set up the first one there, or with POST /api/v1/setup.".to_owned(),
        );
    }
    if !accounts.is_empty() {
        lines.push("Demo accounts:".to_owned());
    }
    for account in accounts {
        lines.push(format!("  {:<24} {:<14} {}", account.email, account.password, account.role));
    }
    lines.push("Ctrl-C ends everything.".to_owned());
    lines.join("\n")
}
