//! Relying services at the command line: what is printed, kept and refused.

use acceptance::Deployment;
use serde_json::Value;

#[test]
fn a_secret_is_shown_once_and_never_again() {
    let deployment = Deployment::of_files();

    let added = print(
        &deployment,
        "client add service --name Service --redirect-uri https://service.example/back",
    );
    let secret = added.lines().last().unwrap().to_owned();
    assert!(secret.starts_with("gai_cs_"), "{added}");

    for again in [
        "client show service",
        "client show service --json",
        "client list --json",
    ] {
        let printed = print(&deployment, again);
        assert!(
            printed.contains("service") && !printed.contains("gai_cs_"),
            "{printed}"
        );
    }
    let rotated = print(&deployment, "client rotate-secret service");
    assert!(
        rotated.contains("gai_cs_") && !rotated.contains(&secret),
        "{rotated}"
    );
    assert!(print(&deployment, "client show service").contains("and the one before it until"));
    print(
        &deployment,
        "client rotate-secret service --keep-old-for 0s",
    );
    assert!(!print(&deployment, "client show service").contains("and the one before it until"));
}

#[test]
fn a_client_says_where_signing_in_to_it_begins_and_was_never_refused() {
    let deployment = Deployment::of_files();
    print(
        &deployment,
        "client add service --name Service --redirect-uri https://service.example/back \
         --initiate-login-uri https://service.example/login",
    );

    let shown = print(&deployment, "client show service");
    let refusals = print(&deployment, "client refusals service");

    assert!(shown.contains("https://service.example/login"), "{shown}");
    assert_eq!(refusals.trim_end(), "last  times  endpoint  error  why");
}

#[test]
fn a_client_is_set_to_need_teacher_details() {
    let deployment = Deployment::of_files();
    let settings = [
        ("trn_requirement", "required"),
        ("match_policy", "strict"),
        ("continue_while_pending", "true"),
        ("profile_requirement", "required"),
        ("event_endpoint", "https://service.example/events"),
    ];
    let flags = settings
        .map(|(setting, value)| [format!("--{}", setting.replace('_', "-")), value.to_owned()]);
    let mut add = vec!["client", "add", "service", "--name", "Service"];
    add.extend([
        "--redirect-uri",
        "https://service.example/a",
        "--scope",
        "openid profile trn",
    ]);
    add.extend(flags.iter().flatten().map(String::as_str));

    deployment.succeed(&add);

    let shown: Value =
        serde_json::from_str(&print(&deployment, "client show service --json")).unwrap();
    for (setting, value) in settings {
        let is_switch = value == "true";
        let expected = if is_switch {
            is_switch.into()
        } else {
            Value::from(value)
        };
        assert_eq!(shown[setting], expected, "{setting}");
    }
}

#[test]
fn a_client_is_changed_switched_off_and_on_again() {
    let deployment = Deployment::of_files();
    print(
        &deployment,
        "client add service --name Service --redirect-uri https://service.example/a \
         --redirect-uri https://service.example/b --scope openid",
    );
    let shown = || -> Value {
        serde_json::from_str(&print(&deployment, "client show service --json")).unwrap()
    };

    let redirect_uris =
        serde_json::json!(["https://service.example/a", "https://service.example/b"]);
    assert_eq!(shown()["redirect_uris"], redirect_uris);

    let updated = print(&deployment, "client update service --consent ask");
    assert_eq!(updated, "Updated service.\n");
    assert_eq!(shown()["consent"], "ask");
    assert_eq!(shown()["scope"], "openid");

    let sealed = print(
        &deployment,
        "client update service --auth-method client_secret_jwt",
    );
    assert!(sealed.contains("gai_cs_"), "{sealed}");

    print(&deployment, "client disable service");
    assert!(
        shown()["state"]
            .as_str()
            .unwrap()
            .starts_with("disabled since ")
    );
    print(&deployment, "client enable service");
    assert_eq!(shown()["state"], "enabled");
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let deployment = Deployment::of_files();
    let add = "client add service --name Service --redirect-uri https://service.example/back";
    print(&deployment, add);

    for (arguments, words) in [
        (add, "there is a client service already"),
        ("client show nobody", "there is no client nobody"),
        ("client update nobody --name X", "there is no client nobody"),
        ("client disable nobody", "there is no client nobody"),
        ("client rotate-secret nobody", "there is no client nobody"),
        (
            "client add other --redirect-uri https://service.example/",
            "client_name: ",
        ),
        ("client add other --name Other", "redirect_uris: "),
        ("client update service --scope email", "scope: "),
        (
            "client add other --name Other --redirect-uri ftp://x",
            "it must be https",
        ),
        ("client add not;an;id --name Other", "a client id has"),
    ] {
        let refused = refusal(&deployment, arguments);
        assert!(refused.contains(words), "{arguments}: {refused}");
    }
    assert_eq!(
        print(&deployment, "client list --json")
            .matches("client_id")
            .count(),
        1
    );
}

#[test]
fn a_client_of_the_clients_file_is_changed_there() {
    let deployment = Deployment::of_files();
    deployment.write("config/test.toml", "[clients]\nfile = \"clients.toml\"");
    deployment.write(
        "clients.toml",
        "[[clients]]\nclient_id = \"service\"\nclient_name = \"Service\"\n\
         client_secret = \"a secret for tests\"\nredirect_uris = [\"https://service.example/\"]\n",
    );
    drop(deployment.start());

    assert!(print(&deployment, "client list").contains("service    Service"));
    for change in [
        "client update service --name X",
        "client rotate-secret service",
    ] {
        let refused = refusal(&deployment, change);
        assert!(
            refused.contains("is kept by the clients file: change it there"),
            "{refused}"
        );
    }
}

#[test]
fn the_client_of_the_account_area_is_nobodys_to_change() {
    let deployment = Deployment::of_files();
    let add = "client add account --name X --redirect-uri https://service.example/";
    drop(deployment.start());

    assert!(print(&deployment, "client list").contains("built-in"));
    let before = print(&deployment, "client show account --json");
    for change in [
        add,
        "client update account --redirect-uri https://service.example/",
        "client rotate-secret account",
        "client disable account",
        "client enable account",
    ] {
        let refused = refusal(&deployment, change);
        assert!(
            refused.contains("account is the provider's own client"),
            "{change}: {refused}"
        );
    }
    assert_eq!(print(&deployment, "client show account --json"), before);
}

/// What a command prints.
#[track_caller]
fn print(deployment: &Deployment, command: &str) -> String {
    deployment.succeed(&command.split_whitespace().collect::<Vec<_>>())
}

/// What a command says that is refused.
#[track_caller]
fn refusal(deployment: &Deployment, command: &str) -> String {
    let command: Vec<_> = command.split_whitespace().collect();
    deployment.refuse(&command).1
}
