//! The recipe `verify`, over manifests in every common form. If the tool is installed, it wrote the manifest itself.

use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::helper::{App, Files, mint};

/// The two files of the library; the tools write manifests of them.
const NAMES: [&str; 2] = ["a b.txt", "sub/b.txt"];

/// Each is a shell command over the files `"$@"`; its first word is the tool that must be installed.
const WRITERS: [&str; 52] = [
    r#"sha256sum "$@""#,
    r#"sha256sum --tag "$@""#,
    r#"sha256sum -b "$@""#,
    r#"sha256sum -z "$@""#,
    r#"sha224sum "$@""#,
    r#"sha384sum "$@""#,
    r#"sha512sum "$@""#,
    r#"sha1sum "$@""#,
    r#"md5sum "$@""#,
    r#"b2sum "$@""#,
    r#"b2sum -l 256 "$@""#,
    r#"sha256sum "$@" | sed 's/$/\r/'"#,
    r#"sha256sum "$@" | iconv -t UTF-16"#,
    r#"sha256sum "$@" | sed 's/^[0-9a-f]*/\U&/' | sed '1s/^/\xEF\xBB\xBF# made by a tool\n\n/'"#,
    r#"sha256sum "$@" | sed 's|  |  ./x/../|'"#,
    r#"sha256sum "$@" | sed 's|  |  '"$PWD"'/|'"#,
    r#"sha256sum "$@" | sed 's|  |  C:\\photos\\|; s|/|\\|'"#,
    r#"sha256sum "$@" | sed 's|  | *\\\\nas\\photos\\|; s|/|\\|'"#,
    r#"sha256sum "$@" | tr '\n' '\r'"#,
    r#"openssl dgst -sha256 "$@""#,
    r#"openssl dgst -sha256 -c "$@""#,
    r#"openssl dgst -sha3-256 "$@""#,
    r#"openssl dgst -sha3-256 -r "$@""#,
    r#"openssl dgst -blake2s256 -r "$@""#,
    r#"openssl dgst -sha512-256 -r "$@""#,
    r#"b3sum "$@""#,
    r#"b3sum --no-names a*; true"#,
    r#"rhash --sfv "$@""#,
    r#"rhash --bsd --sha256 --md5 "$@""#,
    r#"rhash --md5 --sha1 "$@""#,
    r#"rhash --md4 --md5 "$@""#,
    r#"rhash --md5 --tiger --tth "$@""#,
    r#"rhash --all "$@""#,
    r#"rhash --sha3-512 "$@""#,
    r#"rhash --base32 --sha1 "$@""#,
    r#"rhash --base32 --sfv "$@""#,
    r#"rhash --base32 --crc32 --md5 "$@""#,
    r#"rhash --base32 --bsd --sha256 --md5 "$@""#,
    r#"rhash --base64 --md5 --sha1 "$@""#,
    r#"hashdeep -l "$@""#,
    r#"hashdeep "$@""#,
    r#"hashdeep -l "$@" | grep -v '^[%#]'"#,
    r#"hashdeep -dl "$@""#,
    r#"hashdeep -dl -p 4 "$@""#,
    r#"sha256deep -d "$@""#,
    r#"sha256deep -lz "$@""#,
    r#"md5deep -lt "$@""#,
    r#"md5deep -lzt "$@""#,
    r#"sha256deep -lc "$@""#,
    r#"sha1deep -lczt "$@""#,
    r#"cfv -C -q -t csv4 -f - "$@""#,
    r#"cfv -C -q -t crc -f - "$@""#,
];

fn library() -> Files {
    let files = Files::new();
    NAMES.iter().for_each(|name| files.write(name, name.as_bytes()));
    files
}

/// The manifest that the tool wrote. If the tool is not installed, prints so and returns `None`.
fn written(files: &Files, writer: &str) -> Option<Vec<u8>> {
    let tool = writer.split(' ').next().unwrap_or_default();
    let found = Command::new("sh").args(["-c", "command -v \"$1\"", "sh", tool]).output().expect("a shell");
    if !found.status.success() {
        println!("not run: {writer}, as there is no {tool}");
        return None;
    }
    let output = Command::new("sh")
        .args(["-c", writer, "sh"])
        .args(NAMES)
        .current_dir(files.library())
        .output()
        .expect("a shell");
    assert!(output.status.success(), "{writer}: {}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

/// Verifies and returns the job with its report.
async fn verify(app: &App, manifest: &str, query: Value) -> (Value, String) {
    let job = mint();
    let settings = json!({ "manifest": manifest });
    let body = json!({ "library": "files", "recipe": "verify", "settings": settings, "query": query });
    let (status, answer) = app.put(&job.to_string(), &body).await;
    assert_eq!(status, 201, "{answer}");
    app.end(job).await;
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    let report = match app.get(&format!("/api/jobs/{job}/outputs/REPORT.txt")).await {
        (200, Value::String(text)) => text,
        _ => String::new(),
    };
    (view, report)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_tools_write_is_read() {
    let files = library();
    let app = App::start(&files).await;
    for writer in WRITERS {
        let Some(manifest) = written(&files, writer) else { continue };
        files.write("MANIFEST", &manifest);
        let (view, report) = verify(&app, "MANIFEST", json!({ "paths": NAMES })).await;
        if writer.contains("--no-names") {
            // One checksum without a name matches no file in this folder.
            assert_eq!(view["status"], "failed", "{writer}: {report}");
            continue;
        }
        assert_eq!(view["status"], "completed", "{writer}: {view} {report}");
        let lines = if writer.contains("--bsd") { 4 } else { 2 };
        let expected = format!("# MANIFEST: {lines} lines: ok {lines}, changed 0, ");
        assert!(report.starts_with(&expected), "{writer}: {report}");
        // A changed file is found in each form, and no cause is claimed.
        files.write(NAMES[1], b"CHANGED!!");
        let (view, report) = verify(&app, "MANIFEST", json!({ "paths": NAMES })).await;
        files.write(NAMES[1], NAMES[1].as_bytes());
        assert_eq!(view["status"], "completed_with_errors", "{writer}: {view} {report}");
        assert!(report.contains("sub/b.txt\tchanged: cause unknown"), "{writer}: {report}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_magnet_link_is_about_the_file_of_its_name_beside_the_manifest_and_about_no_missing_one() {
    let files = library();
    let app = App::start(&files).await;
    let Some(manifest) = written(&files, r#"rhash --magnet --sha1 --md5 --btih "$@""#) else { return };
    for (at, own, other) in [("MANIFEST", NAMES[0], "b.txt"), ("sub/MANIFEST", NAMES[1], "sub/a b.txt")] {
        files.write(at, &manifest);
        let (view, report) = verify(&app, at, json!({ "folder": {} })).await;
        assert_eq!(view["status"], "failed", "{view} {report}");
        let counts = format!("# {at}: 2 lines: ok 1, changed 0, bit rot 0, missing 0, unreadable 0, not checked 1\n");
        assert!(report.starts_with(&counts), "{report}");
        let finding = format!("a link, which names its file without the folder, and there is no {other:?}");
        assert!(report.contains(&finding), "{report}");
        files.write(own, b"CHANGED!!");
        let (_, report) = verify(&app, at, json!({ "folder": {} })).await;
        files.write(own, own.as_bytes());
        assert!(report.contains(&format!("{own}\tchanged: cause unknown")), "{report}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_cannot_be_read_is_one_finding_and_the_numbers_add_up() {
    let files = library();
    let sum = |name: &str| blake3::hash(name.as_bytes()).to_hex().to_string();
    let lines = [
        format!("{}  a b.txt", sum(NAMES[0])),
        "nothing of the kind".into(),
        format!("{}  ../outside", sum("x")),
        format!("{}  sub/b.txt", sum(NAMES[1])),
        format!("{}  gone", sum("gone")),
        format!("{}  .headway-trash/x", sum("x")),
        format!("{}  sub", sum("x")),
        format!("{}  link", sum("x")),
        format!("SM3 (a b.txt) = {}", sum("x")),
    ];
    std::os::unix::fs::symlink("a b.txt", files.library().join("link")).expect("a link");
    files.write("SUMS", lines.join("\n").as_bytes());
    let app = App::start(&files).await;
    let (view, report) = verify(&app, "SUMS", json!({ "folder": {} })).await;
    assert_eq!(view["status"], "failed", "{view}");
    let head = "# SUMS: 9 lines: ok 2, changed 0, bit rot 0, missing 1, unreadable 0, not checked 6\n";
    assert!(report.starts_with(head), "{report}");
    for row in [
        "line 2 of SUMS: no checksum",
        "line 3 of SUMS: the path has `..`",
        "line 6 of SUMS: .headway-trash/x is Headway's own",
        "gone\tmissing: the manifest names it, and it is not there (line 5)",
        "sub\tnot checked: it was not read: ",
        "link\tnot checked: it was not read: ",
        "a b.txt\tnot checked: line 9 has nothing that can be compared",
    ] {
        assert!(report.contains(row), "{row}: {report}");
    }
    let message = view["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("1 file that the manifest names is missing: gone; "), "{message}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_true_is_not_green() {
    let files = library();
    let sum = |name: &str| blake3::hash(name.as_bytes()).to_hex().to_string();
    let (a, other) = (sum(NAMES[0]), sum("other"));
    let app = App::start(&files).await;
    for (text, says) in [
        (String::new(), "SUMS has no line with a checksum"),
        ("# only a remark\n\n".into(), "SUMS has no line with a checksum"),
        ("words\n".into(), "line 1 of SUMS: no checksum"),
        (format!("{other}  nowhere\n"), "1 file that the manifest names is missing: nowhere"),
        (format!("{a}  a b.txt\n{other}  a b.txt\n"), "lines 1, 2 contradict each other: the file is as line 1"),
        (format!("{other}  a b.txt\n{a}  a b.txt\n"), "lines 1, 2 contradict each other: the file is as line 2"),
        (
            format!("{other}  a b.txt\n{}  a b.txt\n", sum("third")),
            "contradict each other, and the file matches none of them",
        ),
        (format!("SIZE (a b.txt) = 99\nBLAKE3 (a b.txt) = {a}\n"), "contradicts itself"),
        (format!("MD5 (a b.txt) = {}\nBLAKE3 (a b.txt) = {a}\n", &other[..32]), "contradict each other"),
        (
            format!("MD5 (a b.txt) = {}\nBLAKE3 (a b.txt) = {a}\n", &other[..30]),
            "1 line of the manifest was not checked: line 1 of SUMS: its hash has 30 digits, where MD5 has 32",
        ),
    ] {
        files.write("SUMS", text.as_bytes());
        let (view, report) = verify(&app, "SUMS", json!({ "folder": {} })).await;
        assert!(view["status"] == "failed" || view["status"] == "completed_with_errors", "{text}: {view}");
        assert!(
            view["message"].as_str().is_some_and(|text| text.contains(says)) || report.contains(says),
            "{text}: {view} {report}"
        );
        assert!(!report.contains("\tchanged") && !report.contains("\tbit rot"), "{text}: {report}");
    }
    // A manifest of other files than those that were asked for.
    files.write("SUMS", format!("{a}  a b.txt\n").as_bytes());
    let (view, report) = verify(&app, "SUMS", json!({ "paths": ["sub/b.txt"] })).await;
    assert_eq!(view["status"], "failed", "{view} {report}");
    assert!(view["message"].as_str().is_some_and(|text| text.contains("nothing was compared")), "{view}");
    assert!(
        report.starts_with("# SUMS: 1 line: ok 0, changed 0, bit rot 0, missing 0, unreadable 0, not checked 1\n"),
        "{report}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_cannot_be_compared_are_not_reported_as_naming_another_file() {
    let files = library();
    let app = App::start(&files).await;
    let (one, other) = ("00".repeat(32), "11".repeat(32));
    for (text, says) in [
        (format!("SM3 (a b.txt) = {one}\n"), "a checksum of \"SM3\" for it, which is not supported"),
        (format!("SHA256 (a b.txt) = {}\n", &one[..62]), "line 1: its hash has 62 digits, where SHA256 has 64"),
        (
            format!("{}  a b.txt\n", &one[..62]),
            "line 1: its hash has 62 digits, and no algorithm that is supported has",
        ),
        ("SIZE (a b.txt) = 7\n".into(), "no checksum of it"),
        ("a b.txt,7,\n".into(), "no checksum of it"),
        (format!("{one}  a b.txt\n{other}  a b.txt\n"), "lines 1, 2 contradict each other"),
    ] {
        files.write("SUMS", text.as_bytes());
        let (view, report) = verify(&app, "SUMS", json!({ "paths": ["a b.txt"] })).await;
        let message = view["message"].as_str().unwrap_or_default();
        assert_eq!(view["status"], "failed", "{text}: {view} {report}");
        assert!(message.starts_with("no file that was asked for could be checked"), "{text}: {message}");
        assert!(message.contains("a b.txt: ") && message.contains(says), "{text}: {message}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_manifest_names_is_compared_although_systems_leave_such_files_behind() {
    let files = library();
    let sum = |content: &str| blake3::hash(content.as_bytes()).to_hex().to_string();
    let mut text = format!("{}  {}\n", sum(NAMES[0]), NAMES[0]);
    for name in [".DS_Store", "p/Thumbs.db", "@eaDir/t.jpg"] {
        files.write(name, b"changed");
        text.push_str(&format!("{}  {name}\n", sum(name)));
    }
    for name in ["Thumbs.db", "@eaDir/other.jpg", "@eaDir/Thumbs.db", "#recycle/x"] {
        files.write(name, b"no line names it");
    }
    files.write("SUMS", text.as_bytes());
    let app = App::start(&files).await;
    let (view, report) = verify(&app, "SUMS", json!({ "folder": {} })).await;
    assert_eq!(view["status"], "completed_with_errors", "{view} {report}");
    assert!(
        report.starts_with("# SUMS: 4 lines: ok 1, changed 3, bit rot 0, missing 0, unreadable 0, not checked 0\n")
    );
    assert!(report.contains("p/Thumbs.db\tchanged") && report.contains("@eaDir/t.jpg\tchanged"), "{report}");
    // What no line names is left out, in the folders of systems too.
    assert!(!report.contains("other") && !report.contains("#recycle") && !report.contains("@eaDir/Thumbs"), "{report}");
    let (view, report) = verify(&app, "SUMS", json!({ "folder": { "system_files": true } })).await;
    assert_eq!(view["status"], "completed_with_errors", "{view} {report}");
    assert!(report.contains("p/Thumbs.db\tchanged") && report.contains("@eaDir/other.jpg\tnew"), "{report}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_algorithm_guessed_from_the_checksum_length_is_not_reported_as_known() {
    let files = library();
    let app = App::start(&files).await;
    // An intact file, by SHA3-224, or by BLAKE2b with 16 bytes, has as many digits as by SHA-224 or MD5.
    for (digits, name) in [(56, "SHA-224"), (32, "MD5"), (8, "CRC-32")] {
        files.write("SUMS", format!("{}  a b.txt\n", "0".repeat(digits)).as_bytes());
        let (_, report) = verify(&app, "SUMS", json!({ "paths": ["a b.txt"] })).await;
        let says = format!("is not its {name}; no file has yet shown that the manifest uses {name}");
        assert!(report.contains(&says), "{report}");
    }
    files.write("SUMS", format!("MD5 (a b.txt) = {}\n", "0".repeat(32)).as_bytes());
    let (_, report) = verify(&app, "SUMS", json!({ "paths": ["a b.txt"] })).await;
    assert!(report.contains("(md5 ") && report.contains(", not 0000"), "the line names it: {report}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checksum_by_an_algorithm_that_is_not_computed_is_no_contradiction_in_its_line() {
    let files = Files::new();
    files.write("a.txt", b"alpha\n");
    let app = App::start(&files).await;
    // As `rhash --md5 --ripemd160` writes: the second one has the length of SHA-1.
    let md5 = "9f9f90dbe3e5ee1218c86b8839db1995";
    for other in ["1c113d9bf2941c0cc34b3ea5c4e2113c9ebaeb00", "497a1a3d"] {
        files.write("MANIFEST", format!("a.txt  {md5}  {other}\n").as_bytes());
        let (view, report) = verify(&app, "MANIFEST", json!({ "paths": ["a.txt"] })).await;
        assert_ne!(view["status"], "completed", "{other}: {view} {report}");
        assert!(report.contains("not checked 1\n") && !report.contains("contradict"), "{other}: {report}");
        assert!(report.contains("by none of the algorithms that are supported, or is damaged"), "{other}: {report}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_whose_hash_was_cut_to_the_length_of_another_algorithm_does_not_make_its_file_changed() {
    let files = library();
    files.write("c", b"c");
    let sum = |name: &str| blake3::hash(name.as_bytes()).to_hex().to_string();
    let [a, c] = [NAMES[0], "c"].map(|name| format!("{}  {name}\n", sum(name)));
    let cut = format!("{}  sub/b.txt\n", &sum(NAMES[1])[..40]);
    let wrong = format!("{}  sub/b.txt\n", sum("other"));
    let app = App::start(&files).await;
    let doubt =
        "sub/b.txt\tnot checked: the hash in line 2 is the only one with 40 digits, and not the file's by SHA-1: ";
    for (text, status, says) in [
        (format!("{a}{cut}{c}"), "completed_with_errors", doubt),
        (format!("{a}{cut}"), "completed_with_errors", doubt),
        // It matches by the algorithm that its length suggests.
        (
            format!("{a}{c}55a768a6c6f7a12a251b8f580d8bcdeaffe5efad  sub/b.txt\n"),
            "completed",
            "# SUMS: 3 lines: ok 3, ",
        ),
        // The manifest is of two algorithms.
        (
            format!("{a}{c}{cut}84a516841ba77a5b4648de2cd0dfcb30ea46dbb4  c\n"),
            "completed_with_errors",
            "sub/b.txt\tchanged: cause unknown",
        ),
        // Another line of the manifest says that the file changed.
        (format!("{a}{wrong}{c}{cut}"), "completed_with_errors", "sub/b.txt\tchanged: cause unknown"),
        (
            format!("{a}{c}SHA1 (sub/b.txt) = {}\n", &cut[..40]),
            "completed_with_errors",
            "sub/b.txt\tchanged: cause unknown",
        ),
        (
            format!("{a}{c}999 {}  sub/b.txt\n", &cut[..40]),
            "completed_with_errors",
            "sub/b.txt\tchanged: cause unknown",
        ),
    ] {
        files.write("SUMS", text.as_bytes());
        let (view, report) = verify(&app, "SUMS", json!({ "paths": ["a b.txt", "sub/b.txt", "c"] })).await;
        assert_eq!(view["status"], status, "{text}: {view} {report}");
        assert!(report.contains(says), "{text}: {report}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_powershell_without_its_first_column_is_read() {
    let files = library();
    let sum = |name: &str| blake3::hash(name.as_bytes()).to_hex().to_uppercase();
    let rows = NAMES.map(|name| format!("{}      C:\\photos\\{}   \r\n", sum(name), name.replace('/', "\\")));
    let table = |cut: &str| format!("\r\nHash     Path\r\n----     ----\r\n{}{cut}\r\n\r\n", rows.concat());
    files.write("SUMS", table("").as_bytes());
    let app = App::start(&files).await;
    let (view, report) = verify(&app, "SUMS", json!({ "folder": {} })).await;
    assert_eq!(view["status"], "completed", "{view} {report}");
    assert!(report.starts_with("# SUMS: 2 lines: ok 2, "), "{report}");
    // A name that is cut off to the width of a window is no name of a missing file.
    files.write("SUMS", table(&format!("{}      C:\\photos\\su...\r\n", sum("x"))).as_bytes());
    let (view, report) = verify(&app, "SUMS", json!({ "folder": {} })).await;
    assert_eq!(view["status"], "failed", "{view} {report}");
    assert!(report.starts_with("# SUMS: 3 lines: ok 2, changed 0, bit rot 0, missing 0, "), "{report}");
    assert!(report.contains("line 6 of SUMS: PowerShell has cut off its name"), "{report}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bit_rot_is_reported_only_if_the_checksum_job_saw_the_same_modification_time() {
    let files = Files::new();
    let long_ago = SystemTime::now() - Duration::from_secs(86_400);
    let set = |name: &str, content: &[u8], time: SystemTime| files.write_at(name, content, time);
    let camera = SystemTime::now() + Duration::from_secs(86_400 * 365);
    for (name, time) in [("edited", long_ago), ("camera", camera), ("grown", long_ago), ("kept", long_ago)] {
        set(name, b"good", time);
    }
    let app = App::start(&files).await;
    let job = app.begin("checksum").await;
    app.end(job).await;
    let (_, manifest) = app.get(&format!("/api/jobs/{job}/outputs/SHA256SUMS")).await;
    set("edited", b"gone", SystemTime::now());
    set("camera", b"rot!", camera);
    set("grown", b"longer", long_ago);
    let manifest = manifest.as_str().expect("a text").to_owned();
    files.write("SHA256SUMS", manifest.as_bytes());
    let (_, report) = verify(&app, "SHA256SUMS", json!({ "folder": {} })).await;
    for row in ["edited\tchanged: since", "camera\tbit rot: ", "grown\tchanged: cause unknown"] {
        assert!(report.contains(row), "{row}: {report}");
    }
    // For a manifest that no job here made, nothing is known about the time of the checksum.
    files.write("SHA256SUMS", format!("# copied\n{manifest}").as_bytes());
    let (_, report) = verify(&app, "SHA256SUMS", json!({ "folder": {} })).await;
    assert!(report.contains("camera\tchanged: cause unknown") && !report.contains("\tbit rot"), "{report}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checksum_beside_each_file_and_a_manifest_in_each_folder_are_read() {
    let files = library();
    let sum = |name: &str| blake3::hash(name.as_bytes()).to_hex().to_string();
    files.write("a b.txt.sha256", format!("{}\r\n", sum(NAMES[0])).as_bytes());
    files.write("SUMS", format!("{}  a b.txt\n", sum(NAMES[0])).as_bytes());
    files.write("sub/SUMS", format!("{}  ./b.txt\n{}  ../a b.txt\n", sum(NAMES[1]), sum(NAMES[0])).as_bytes());
    let app = App::start(&files).await;
    for (manifest, head) in [
        ("a b.txt.sha256", "# a b.txt.sha256: 1 line: ok 1, "),
        ("sub/SUMS", "# sub/SUMS: 2 lines: ok 2, "),
        ("**/SUMS", "# 2 manifests: 3 lines: ok 3, "),
        ("*.sha256", "# a b.txt.sha256: 1 line: ok 1, "),
    ] {
        let (view, report) = verify(&app, manifest, json!({ "folder": {} })).await;
        assert_eq!(view["status"], "completed", "{manifest}: {view} {report}");
        assert!(report.starts_with(head), "{manifest}: {report}");
    }
    let (view, _) = verify(&app, "**/*.md5", json!({ "folder": {} })).await;
    assert!(
        view["message"].as_str().is_some_and(|text| text.contains("no file of files matches the pattern")),
        "{view}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_about_standard_input_is_one_finding_and_no_file_is_guessed() {
    let files = library();
    let sum = |name: &str| blake3::hash(name.as_bytes()).to_hex().to_string();
    files.write("sums", b"sums");
    files.write("sums.txt", format!("{}  -\n{}  a b.txt\n", sum("input"), sum(NAMES[0])).as_bytes());
    files.write("a b.txt.b3", format!("{}  -\n", sum(NAMES[0])).as_bytes());
    let app = App::start(&files).await;
    let (view, report) = verify(&app, "sums.txt", json!({ "folder": {} })).await;
    assert_eq!(view["status"], "failed", "{view} {report}");
    let head = "# sums.txt: 2 lines: ok 1, changed 0, bit rot 0, missing 0, unreadable 0, not checked 1\n";
    assert!(report.starts_with(head), "{report}");
    let finding = "line 1 of sums.txt: it is about standard input, not a file (not checked)\n";
    assert!(report.contains(finding) && report.contains("sums\tnew: "), "{report}");
    // The name of a sidecar says which file is meant, and the report says that it was taken from there.
    let (view, report) = verify(&app, "a b.txt.b3", json!({ "folder": {} })).await;
    assert_eq!(view["status"], "completed", "{view} {report}");
    assert!(report.contains("a b.txt\tok: its line is about standard input; the name of the manifest"), "{report}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_another_normal_form_is_found_and_reported_but_one_in_another_case_is_not() {
    let files = Files::new();
    let (composed, decomposed) = ("gr\u{fc}n/\u{e9}.txt", "gru\u{308}n/e\u{301}.txt");
    files.write(decomposed, b"content");
    files.write("small", b"content");
    let sum = blake3::hash(b"content").to_hex();
    files.write("SUMS", format!("{sum}  {composed}\n{sum}  Small\n").as_bytes());
    let app = App::start(&files).await;
    let (view, report) = verify(&app, "SUMS", json!({ "folder": {} })).await;
    assert_eq!(view["status"], "failed", "{view}");
    assert!(report.starts_with("# SUMS: 2 lines: ok 1, changed 0, bit rot 0, missing 1, "), "{report}");
    assert!(
        report.contains(&format!("{decomposed}\tok: the manifest has its name in another Unicode normal form")),
        "{report}"
    );
    assert!(report.contains("Small\tmissing: the manifest names it, and it is not there; small is there"), "{report}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_differ_only_in_case_mean_each_their_own_file() {
    let files = Files::new();
    let names = ["Photo.jpg", "photo.jpg", "photo.JPG"];
    names.iter().for_each(|name| files.write(name, name.as_bytes()));
    let sum = |name: &str| blake3::hash(name.as_bytes()).to_hex().to_string();
    let text: String = names.iter().map(|name| format!("{}  {name}\n", sum(name))).collect();
    files.write("SUMS", text.as_bytes());
    let app = App::start(&files).await;
    let (view, report) = verify(&app, "SUMS", json!({ "folder": {} })).await;
    assert_eq!(view["status"], "completed", "{view} {report}");
    assert!(report.starts_with("# SUMS: 3 lines: ok 3, "), "{report}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_refused_as_a_manifest_and_never_waited_for() {
    let files = library();
    let path = |name: &str| files.library().join(name);
    assert!(Command::new("mkfifo").arg(path("pipe")).status().expect("coreutils").success());
    let _socket = std::os::unix::net::UnixListener::bind(path("socket")).expect("a socket");
    std::os::unix::fs::symlink("/dev/zero", path("device")).expect("a link");
    std::fs::create_dir(path("folder")).expect("a folder");
    let app = App::start(&files).await;
    for (manifest, says) in [
        ("pipe", "not a regular file"),
        ("socket", "not a regular file"),
        ("device", "symbolic link"),
        ("folder", "a folder"),
    ] {
        let settings = json!({ "manifest": manifest });
        let body = json!({ "library": "files", "recipe": "verify", "settings": settings, "query": { "folder": {} } });
        let (status, answer) = app.put(&mint().to_string(), &body).await;
        assert_eq!(status, 422, "{manifest}: {answer}");
        assert!(
            answer["settings"]["manifest"].as_str().is_some_and(|text| text.contains(says)),
            "{manifest}: {answer}"
        );
    }
    app.stop().await;
}
