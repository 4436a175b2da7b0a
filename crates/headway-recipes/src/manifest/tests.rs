//! Manifests as tools write them, and arbitrary bytes.

use proptest::prelude::*;

use super::*;
use crate::Failure;
use crate::testing::damaged_by;

const ALPHA: &str = "b6a98d9ce9a2d9149288fa3df42d377c3e42737afdcdaf714e33c0a100b51060";
const BRAVO: &str = "5da8f23decf397b13f4f55b6fb8a61936238bfe08ed9d901132974f1beccc45c";
const MD5: &str = "9f9f90dbe3e5ee1218c86b8839db1995";

fn all(text: &[u8]) -> Vec<ManifestLine> {
    let mut lines = Vec::new();
    read(text, &mut |line| {
        lines.push(line);
        true
    });
    lines
}

/// A checksum as `openssl dgst -c` writes it.
fn with_colons(hash: &str) -> String {
    let bytes: Vec<_> = hash.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
    bytes.join(":")
}

/// A short form of each line: its number, the most literal reading of its name, and its content.
fn short(text: &[u8]) -> Vec<String> {
    let sum = |sum: &Sum| match (sum.algorithms.only(), &sum.unknown, sum.misfit) {
        (_, Some(tag), Some(HashLength { digits, expected: Some(expected) })) => {
            format!("{tag} {digits} of {expected}")
        }
        (_, _, Some(HashLength { digits, .. })) => format!("{digits} digits"),
        (Some(algorithm), ..) => algorithm.name().to_owned(),
        (None, Some(unknown), None) => unknown.to_string(),
        (None, None, None) => format!("any of {}", sum.hash.len()),
    };
    let line = |line: &ManifestLine| match line {
        ManifestLine::Unread { number, .. } => format!("{number} unread"),
        ManifestLine::Entry(ManifestEntry { number, name, size, sums }) => {
            let name = match name {
                Name::Readings(readings) => String::from_utf8_lossy(&readings[0]).into_owned(),
                Name::WithoutFolder(readings) => format!("(any)/{}", String::from_utf8_lossy(&readings[0])),
                Name::Beside => "(beside)".to_owned(),
                Name::StandardInput { written_alike: None } => "(input)".to_owned(),
                Name::StandardInput { .. } => "(input or stdin)".to_owned(),
            };
            let size = size.map(|size| format!(" {size} bytes")).unwrap_or_default();
            format!("{number} {name}{size}: {}", sums.iter().map(sum).collect::<Vec<_>>().join(", "))
        }
    };
    all(text).iter().map(line).collect()
}

#[test]
fn the_forms_of_coreutils_are_read() {
    for (line, name) in [
        (format!("{ALPHA}  a b"), "a b"),
        (format!("{ALPHA} *a b"), "a b"),
        (format!("{ALPHA} a b"), "a b"),
        (format!("{ALPHA}\ta b"), "a b"),
        (format!("  {}  a b\r", ALPHA.to_uppercase()), "a b"),
        (format!("\\{ALPHA}  a\\nb\\\\c\\r"), "a\nb\\c\r"),
        (format!("{ALPHA}  a\\b"), "a\\b"),
    ] {
        assert_eq!(short(line.as_bytes()), [format!("1 {name}: any of 32")], "{line:?}");
    }
    for (line, name) in [
        (format!("SHA256 (a) (b) = {ALPHA}"), "a) (b"),
        (format!("\\SHA256 (a\\nb) = {ALPHA}"), "a\nb"),
        ("SHA256 (a.txt) = tqmNnOmi2RSSiPo99C03fD5Cc3r9za9xTjPAoQC1EGA=".to_owned(), "a.txt"),
        (format!("SHA2-256(a.txt)= {ALPHA}"), "a.txt"),
        (format!("SHA256(a)= b)= {ALPHA}"), "a)= b"),
        (format!("SHA2-256(a.txt)= {}", with_colons(ALPHA)), "a.txt"),
        (format!("SHA256          {ALPHA}   C:\\x y"), "C:\\x y"),
    ] {
        assert_eq!(short(line.as_bytes()), [format!("1 {name}: sha256")], "{line:?}");
    }
    assert_eq!(short(b"3650393976 6 a.txt\n12738659 1 b c"), ["1 a.txt: cksum or sum", "2 b c: cksum or sum"]);
    assert_eq!(short(format!("SM3 (a) = {ALPHA}").as_bytes()), ["1 a: SM3"]);
    let nul = format!("{ALPHA}  a\nb\0{BRAVO}  \\c\\n\r\0");
    assert_eq!(short(nul.as_bytes()), ["1 a\nb: any of 32", "2 \\c\\n\r: any of 32"]);
}

#[test]
fn the_forms_of_other_tools_are_read() {
    let sfv = "; made by a tool\n;     6  09:36.38 2026-11-28 a.txt\n\na b.txt 9F606EEC\n12345678 9abcdef0\n";
    assert_eq!(short(sfv.as_bytes()), ["4 a b.txt: crc32", "5 12345678: crc32"]);
    assert_eq!(short(b"9f606eec  a.txt"), ["1 a.txt: crc32"]);
    assert_eq!(short(format!("a b  {MD5}  {ALPHA}").as_bytes()), ["1 a b: any of 32, md5"]);
    assert_eq!(short(format!("   6  {MD5}  /x/a").as_bytes()), ["1 /x/a 6 bytes: md5"]);
    let hashdeep = format!(
        "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,whirlpool,filename\n## Invoked from: /x\n## \n6,{MD5},{ALPHA},00,./a, b\nbad\n"
    );
    assert_eq!(short(hashdeep.as_bytes()), ["5 ./a, b 6 bytes: md5, sha256, whirlpool", "6 unread"]);
    let rows = format!(
        "6,{MD5},{ALPHA},./a, b (1) = c\r\n6,{ALPHA},/x/a\n{MD5},a 9f606eec\n6,{MD5},{0},{1},a\n6,{MD5},{MD5},a\n{MD5},\n6,a,\n",
        &MD5.repeat(4),
        &MD5[..24].repeat(2)
    );
    let read = [
        "1 ./a, b (1) = c 6 bytes: md5, any of 32",
        "2 /x/a 6 bytes: any of 32",
        "3 a 9f606eec: md5",
        "4 a 6 bytes: md5, Whirlpool or SHA-512, Tiger or another of 48 digits",
        "5 9f9f90dbe3e5ee1218c86b8839db1995,a 6 bytes: md5",
        "6 unread",
        "7 unread",
    ];
    assert_eq!(short(rows.as_bytes()), read);
    let csv = "a,6,9f606eec,\nb,c,6,9f606eec,\nb.txt,6,a6baa6af,sub,\na,6,\n";
    let read = ["1 a 6 bytes: crc32", "2 b,c 6 bytes: crc32", "3 sub/b.txt 6 bytes: crc32", "4 a 6 bytes: "];
    assert_eq!(short(csv.as_bytes()), read);
    let crc = "Generated by: cfv (v3.2.0)\n\nFilename    Filesize    CRC-32   Description\n---------  ------  ----\n  two  2  15ce49f6  \na 6 9f606eec\n-----  ---\n\nCount of files: 2\nTotal of sizes: 8\n";
    assert_eq!(short(crc.as_bytes()), ["5   two 2 bytes: crc32", "6 a 6 bytes: crc32"]);
    let ports = format!("TIMESTAMP = 1700000000\nSHA256 (a.txt) = {ALPHA}\nSIZE (a.txt) = 6\n");
    assert_eq!(short(ports.as_bytes()), ["2 a.txt: sha256", "3 a.txt 6 bytes: "]);
}

#[test]
fn the_forms_of_powershell_are_read() {
    let table = format!(
        "\r\nAlgorithm       Hash   Path\r\n---------       ----   ----\r\nSHA256          {}   C:\\x\\a.txt   \r\nSHA256   {ALPHA}   C:\\x\\...\r\n\r\n",
        ALPHA.to_uppercase()
    );
    assert_eq!(short(table.as_bytes()), ["4 C:\\x\\a.txt: sha256", "5 unread"]);
    // Without the column of the algorithm, the rows are like those of other tools.
    let rows = format!(
        "Hash   Path\n----   ----\n\n{ALPHA}   C:\\x\\...\n{ALPHA}   /x/a\u{2026}\n{ALPHA}   /x/a\n\n{ALPHA}  /x/a...\n{ALPHA} *C:\\x\\a...\n"
    );
    let read = ["4 unread", "5 unread", "6  /x/a: any of 32", "8 /x/a...: any of 32", "9 unread"];
    assert_eq!(short(rows.as_bytes()), read);
    let whole = format!("\\{ALPHA}  C:\\\\x...\n");
    assert_eq!(short(whole.as_bytes()), ["1 C:\\x...: any of 32"], "the name of a file on Linux");
    let list = format!(
        "\r\nAlgorithm : SHA256\r\nHash      : {ALPHA}\r\nPath      : C:\\x\\\r\n            a.txt\r\n\r\nAlgorithm : MACTripleDES\r\nHash      : 00\r\nPath      : b\r\n"
    );
    assert_eq!(short(list.as_bytes()), ["2 C:\\x\\a.txt: sha256", "7 b: MACTripleDES"]);
    let csv = format!(
        "#TYPE Microsoft.PowerShell.Commands.FileHashInfo\r\n\"Algorithm\",\"Hash\",\"Path\"\r\n\"SHA256\",\"{ALPHA}\",\"C:\\x\\a \"\"b\"\", c\"\r\n"
    );
    assert_eq!(short(csv.as_bytes()), ["3 C:\\x\\a \"b\", c: sha256"]);
}

#[test]
fn what_stands_around_the_lines_is_left_out() {
    let plain = format!("{ALPHA}  a.txt\n{BRAVO}  b.txt\n");
    let signed = format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{plain}- - x\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n"
    );
    assert_eq!(short(signed.as_bytes()), ["4 a.txt: any of 32", "5 b.txt: any of 32", "6 unread"]);
    let signify = format!("untrusted comment: verify with x.pub\nRWQ{}\nSHA256 (a.txt) = {ALPHA}\n", "A".repeat(90));
    assert_eq!(short(signify.as_bytes()), ["3 a.txt: sha256"]);
    let lines = ["2 a.txt: any of 32", "4 b.txt: any of 32"];
    let remarks = format!("# x\n{ALPHA}  a.txt\n ; y\n{BRAVO}  b.txt\n\n  \t\n");
    assert_eq!(short(remarks.as_bytes()), lines);
    assert_eq!(short(&[b"\xef\xbb\xbf", remarks.as_bytes()].concat()), lines);
    let wide: Vec<u8> = remarks.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(short(&[b"\xff\xfe", wide.as_slice()].concat()), lines);
    assert_eq!(short(remarks.replace('\n', "\r\n").as_bytes()), lines);
    assert_eq!(short(remarks.replace('\n', "\r").as_bytes()), lines);
    for alone in ["", "  \n"] {
        assert_eq!(short(format!("{ALPHA}{alone}").as_bytes()), ["1 (beside): any of 32"], "{alone:?}");
    }
    for nothing in ["", "\n\n", "\u{feff}", "# a remark\r\n"] {
        assert_eq!(all(nothing.as_bytes()), [], "{nothing:?}");
    }
}

#[test]
fn the_forms_of_ports_and_of_windows_are_read() {
    let ports = format!(
        "$NetBSD: distinfo,v 1.2 2020/01/01 00:00:00 x Exp $\n\nSHA256 (a.tgz) = {ALPHA}\nSize (a.tgz) = 5 bytes\n"
    );
    assert_eq!(short(ports.as_bytes()), ["3 a.tgz: sha256", "4 a.tgz 5 bytes: "]);
    let gentoo = format!(
        "TIMESTAMP 2017-10-22T18:06:41Z\nIGNORE distfiles\nDIST a.txt 14 BLAKE2S {ALPHA} MD5 {MD5} RMD160 00\nAUX b 2 MD5 {MD5}\n"
    );
    assert_eq!(short(gentoo.as_bytes()), ["3 a.txt 14 bytes: blake2s, md5, RMD160", "4 files/b 2 bytes: md5"]);
    let apart: Vec<_> = ALPHA.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair)).collect();
    for (file, sum) in [("", ALPHA.to_owned()), ("file ", apart.join(" "))] {
        let certutil = format!(
            "SHA256 hash of {file}a b.txt:\r\n{sum}\r\nCertUtil: -hashfile command completed successfully.\r\n"
        );
        assert_eq!(short(certutil.as_bytes()), ["2 a b.txt: sha256"]);
        assert_eq!(short(&certutil.as_bytes()[..30]).len(), 1, "it is cut off");
    }
    let translated =
        format!("SHA256 hash of a:\n{ALPHA}\nCertUtil: -hashfile-Befehl wurde erfolgreich ausgef\u{fc}hrt.\n");
    assert_eq!(short(translated.as_bytes()), ["2 a: sha256"]);
    let verifier =
        format!("//\n// File Checksum Integrity Verifier version 2.05.\n//\n{MD5} c:\\x\\a\n//x/a 9f606eec\n");
    assert_eq!(short(verifier.as_bytes()), ["4 c:\\x\\a: md5", "5 //x/a: crc32"]);
    assert_eq!(short(apart.join(" ").as_bytes()), ["1 (beside): any of 32"]);
    for (line, read) in [
        (format!("{ALPHA}\t*a.txt"), "1 a.txt: any of 32"),
        (format!("{} *a.txt", with_colons(MD5)), "1 a.txt: md5"),
        (format!("a.txt: {}", with_colons(ALPHA)), "1 a.txt: any of 32"),
        (format!("a.txt: {ALPHA}"), "1 a.txt: any of 32"),
        (format!("a.txt = {ALPHA}"), "1 a.txt: any of 32"),
        (format!("{ALPHA}  file:///x/a%20b"), "1 /x/a b: any of 32"),
        (format!("{ALPHA}  file://localhost/x/a%20b"), "1 /x/a b: any of 32"),
        (format!("{ALPHA}  file://nas/x/a%20b"), "1 file://nas/x/a%20b: any of 32"),
        (format!("sha256:{ALPHA}  a.txt"), "1 a.txt: sha256"),
        (format!("SHA512t256 (a.txt) = {ALPHA}"), "1 a.txt: sha512-256"),
        ("tqmNnOmi2RSSiPo99C03fD5Cc3r9za9xTjPAoQC1EGA=  a.txt".to_owned(), "1 a.txt: any of 32"),
        (format!("NEW a.txt 14 MD5 {MD5} SHA256 {ALPHA}"), "1 unread"),
    ] {
        assert_eq!(short(line.as_bytes()), [read], "{line}");
    }
}

#[test]
fn the_time_that_md5deep_writes_is_no_part_of_the_name() {
    let time = "2026:12:01:05:39:06";
    for (line, read) in [
        (format!("{MD5} {time}  a b"), "1 a b: md5"),
        (format!("{MD5} {time} */x/a"), "1 /x/a: md5"),
        (format!("         6  {MD5} {time}  a"), "1 a 6 bytes: md5"),
        (format!("{MD5},{time},a, b"), "1 a, b: md5"),
        (format!("         6, {MD5},/x/a"), "1 /x/a 6 bytes: md5"),
        (format!("         6, {MD5},{time},/x/a"), "1 /x/a 6 bytes: md5"),
        // After two separators it is read as a part of the name first.
        (format!("{MD5}  {time}  a"), "1 2026:12:01:05:39:06  a: md5"),
        (format!("{MD5} {time}"), "1 2026:12:01:05:39:06: md5"),
        (format!("{MD5} 2026:12:01  a"), "1 2026:12:01  a: md5"),
    ] {
        assert_eq!(short(line.as_bytes()), [read], "{line}");
    }
    let names = |line: String| match all(line.as_bytes()).as_slice() {
        [ManifestLine::Entry(ManifestEntry { name: Name::Readings(readings), .. })] => readings.clone(),
        other => panic!("{other:?}"),
    };
    let (plain, dated) = (b"a".to_vec(), format!("{time} a").into_bytes());
    assert_eq!(names(format!("{MD5}  {time} a")), [dated.clone(), plain.clone()]);
    assert_eq!(names(format!("{MD5} {time} a")), [plain, dated]);
}

#[test]
fn the_comments_and_both_checksums_of_the_verifier_of_windows_are_read() {
    let sha1 = &ALPHA[..40];
    let both = format!(
        "//\n// File Checksum Integrity Verifier version 2.05.\n//\n\t\tMD5\t\t\t\tSHA-1\n-----\n{MD5} {sha1} c:\\x\\a b\n"
    );
    assert_eq!(short(both.as_bytes()), ["6 c:\\x\\a b: md5, sha1"]);
    for remark in ["//", "//\r", "// words", "//\twords", "///", "//-----", "//=====", "//*****"] {
        assert_eq!(short(remark.as_bytes()), [""; 0], "{remark}");
    }
    assert_eq!(short(b"//server/a"), ["1 unread"]);
    assert_eq!(short(format!("{MD5}  {sha1} a").as_bytes()), [format!("1 {sha1} a: md5")]);
}

#[test]
fn a_row_of_gentoo_with_one_damaged_hash_keeps_the_others() {
    let row = format!("DIST a 14 MD5 {MD5} SHA256 {} WHIRLPOOL 00", &ALPHA[1..]);
    assert_eq!(short(row.as_bytes()), ["1 a 14 bytes: md5, SHA256 63 of 64, WHIRLPOOL"]);
    assert_eq!(short(format!("DIST a 14 MD5 {MD5} SHA256").as_bytes()), ["1 unread"], "it is cut off");
}

#[test]
fn checksums_in_base32_are_read_as_rhash_writes_them() {
    let (md5, sha1) = ("t6pzbw7d4xxbegginoedtwyzsu", "2bdm3g377n3gdzcjnazrhva7n7bt4mjq");
    let sha256 = "w2uy3hhjulmrjeui7i67iljxpq7ee4327xg264kogpakcafvcbqa";
    for (line, read) in [
        (format!("{md5}  a b"), "1 a b: md5"),
        (format!("{}  a b", md5.to_uppercase()), "1 a b: md5"),
        (format!("{sha1}  a"), "1 a: sha1"),
        (format!("{sha256}  a"), "1 a: any of 32"),
        (format!("SHA256 (a) = {sha256}"), "1 a: sha256"),
        ("CRC32 (a) = t5qg53a".to_owned(), "1 a: crc32"),
        (format!("a b  {md5}  {sha1}"), "1 a b: sha1, md5"),
        (format!("a b  t5qg53a  {md5}"), "1 a b: md5, crc32"),
        ("a  n5+Q2+Pl7hIYyGuIOdsZlQ==  0EbNm3/7dmHkSWgzE9Qfb8M+MTA=".to_owned(), "1 a: sha1, md5"),
        (format!("{}v  a", &md5[..25]), "1 unread"),
        ("t5qg53a  a".to_owned(), "1 unread"),
        ("a T5QG53A".to_owned(), "1 unread"),
    ] {
        assert_eq!(short(line.as_bytes()), [read], "{line}");
    }
    let head = "; Generated by RHash v1.4.3 on 2026-12-01 at 05:46.42\n;\n;  6  05:39.06 2026-12-01 a EXAMPLE\n";
    let sfv = format!("{head}a b T5QG53A\nc 9F606EEC\nd T5QG53A {}\ne GALLERY.txt\n", md5.to_uppercase());
    assert_eq!(short(sfv.as_bytes()), ["4 a b: crc32", "5 c: crc32", "6 d: md5, crc32", "7 unread"]);
}

#[test]
fn checksums_of_one_length_and_those_by_tiger_are_read_as_rhash_writes_them() {
    let (tiger, tree) = ("34b494e082fb0da766ca70c22706988e56515a5dcdd88ece", "no7spf3vbjb4lstknbv63reqkomu5vmzlrm6zli");
    let of_24 = "Tiger or another of 48 digits";
    for (line, read) in [
        (format!("a b  {MD5}  {MD5}"), "1 a b: md5, md5".to_owned()),
        (format!("a b  {MD5}  {tiger}"), format!("1 a b: {of_24}, md5")),
        (format!("a b  {MD5}  {tree}"), format!("1 a b: {of_24}, md5")),
        (format!("a  {tree}"), format!("1 a: {of_24}")),
        (format!("{tree}  a b"), format!("1 a b: {of_24}")),
        (format!("my library  {tree}"), format!("1 my library: {of_24}")),
        (format!("a b  {}  {MD5}", &tiger[1..]), format!("1 a b  {}: md5", &tiger[1..])),
    ] {
        assert_eq!(short(line.as_bytes()), [read], "{line}");
    }
    // The word before can be the end of the name.
    let lines = all(format!("a {MD5} {MD5}").as_bytes());
    let [ManifestLine::Entry(entry)] = lines.as_slice() else { panic!("one line: {lines:?}") };
    let Name::Readings(names) = &entry.name else { panic!("a name: {:?}", entry.name) };
    assert!(names.contains(&format!("a {MD5}").into_bytes()), "{names:?}");
}

#[test]
fn a_document_that_is_no_manifest_is_one_finding() {
    let why = |text: &str| match all(text.as_bytes()).as_slice() {
        [ManifestLine::Unread { number: 1, why }] => *why,
        other => panic!("{text}: {other:?}"),
    };
    let entries = "<FILE_ENTRY><name>a</name><MD5>n5+Q2+Pl7hIYyGuIOdsZlQ==</MD5></FILE_ENTRY>\n".repeat(100);
    for head in ["<?xml version='1.0' encoding='UTF-8'?>\n<FCIV>\n", "\u{feff}<?xml?><FCIV>"] {
        assert!(why(&format!("{head}{entries}</FCIV>")).contains("XML document"), "{head}");
    }
    assert!(why("<!DOCTYPE html>\n<html>\n<p>Not found</p>\n</html>\n").contains("web page"));
    assert_eq!(short(format!("<?xml 9f606eec\n{MD5}  a\n").as_bytes()), ["1 <?xml: crc32", "2 a: md5"]);
    assert!(why(&format!("ed2k://|file|a|6|{MD5}|/")).contains("--ed2k-link"));
}

#[test]
fn each_file_of_a_dfxml_document_is_read_and_its_parts_and_folders_are_not() {
    let object = |inside: &str| format!("  <fileobject>{inside}</fileobject>\n");
    let parts = "<byte_run file_offset='0' len='4'>\n<hashdigest type='MD5'>00</hashdigest>\n</byte_run>\n";
    let named = |name: &str, more: &str| object(&format!("<filename>{name}</filename>{more}"));
    let text = [
        "<?xml version='1.0' encoding='UTF-8'?>\n<dfxml\n  xmlns:deep='x'>\n  <deep:configuration/>\n".to_owned(),
        named(
            "./a &amp; &#98;",
            &format!(
                "\n<filesize>14</filesize>\n{parts}<hashdigest type='SHA256'>{ALPHA}</hashdigest>\n\
                 <hashdigest type='WHIRLPOOL'>ff</hashdigest>\n"
            ),
        ),
        named("folder", "<name_type>d</name_type>"),
        named("gone", &format!("<unalloc>1</unalloc><hashdigest type='md5'>{MD5}</hashdigest>")),
        named("x", &format!("<name_type>r</name_type><hashdigest type='sha256'>{}</hashdigest>", &ALPHA[1..])),
        named("y", "<filesize>1</filesize>"),
        "</dfxml>\n".to_owned(),
    ]
    .concat();
    let read = ["5 ./a & b 14 bytes: sha256, WHIRLPOOL", "14 unread", "15 x: sha256 63 of 64", "16 unread"];
    assert_eq!(short(text.as_bytes()), read, "{text}");
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(short(&utf16), read);
    let cut = text.strip_suffix("</dfxml>\n").expect("its end");
    assert_eq!(short(cut.as_bytes()), [&read[..], &["17 unread"]].concat());
    assert_eq!(short(b"<dfxml>\n<fileobject></other>\n</fileobject></dfxml>"), ["2 unread"]);
    let odd = format!(
        "<dfxml><fileobject><filename>n@me</filename><hashdigest type='md5'>{MD5}</hashdigest></fileobject></dfxml>"
    );
    let odd: Vec<u8> = odd.bytes().map(|byte| if byte == b'@' { 0xe4 } else { byte }).collect();
    let lines = all(&odd);
    let [ManifestLine::Entry(ManifestEntry { name: Name::Readings(readings), .. })] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert_eq!(readings[0], b"n\xe4me");
}

#[test]
fn magnet_links_are_read_as_rhash_writes_them() {
    let (sha1, tiger) = ("6vznhfx25eqgmkdrj6zm4ahxf2kpejmp", "dctzg7v3jmt2jdj6vozu4yisnzvethe76v2goni");
    let btih = "9b9879a22087a54d95f3a6fe2d3b41c1a69e0a1c";
    let of_rhash = format!(
        "magnet:?xl=6&dn=a%20b%2bc%26d.txt&xt=urn:crc32:363a3020&xt=urn:md5:{MD5}&xt=urn:sha1:{sha1}&xt=urn:tree:tiger:{tiger}&xt=urn:btih:{btih}"
    );
    for (line, read) in [
        (of_rhash, "1 (any)/a b+c&d.txt 6 bytes: crc32, md5, sha1, tree:tiger"),
        (format!("Magnet:?xt.1=urn%3Asha256%3A{ALPHA}&amp;dn=a"), "1 (any)/a: sha256"),
        (format!("magnet:?dn=a&xt=urn:md5:{}", &MD5[1..]), "1 (any)/a: md5 31 of 32"),
        (format!("magnet:?dn=a&xt=urn:sha1:{}1", &sha1[1..]), "1 unread"),
        (format!("magnet:?dn=a&xl=x&xt=urn:md5:{MD5}"), "1 unread"),
        (format!("magnet:?xt=urn:md5:{MD5}"), "1 unread"),
        ("magnet:?dn=a".to_owned(), "1 unread"),
    ] {
        assert_eq!(short(line.as_bytes()), [read], "{line}");
    }
    let torrents = format!("magnet:?dn=a&xt=urn:btih:{btih}\n").repeat(2);
    let lines = all(torrents.as_bytes());
    let is_torrent = |line: &ManifestLine| matches!(line, ManifestLine::Unread { why, .. } if why.contains("torrent"));
    assert!(lines.len() == 2 && lines.iter().all(is_torrent), "{lines:?}");
    let plus = all(format!("magnet:?dn=a+b&xt=urn:md5:{MD5}").as_bytes());
    let [ManifestLine::Entry(ManifestEntry { name: Name::WithoutFolder(readings), .. })] = &plus[..] else {
        panic!("{plus:?}");
    };
    assert_eq!(readings, &[b"a+b", b"a b"]);
}

#[test]
fn the_fields_of_control_files_of_debian_are_read() {
    let release = format!(
        "Origin: Debian\nDate: Sat, 06 Dec 2025 10:00:00 UTC\nDescription: x\n more words\nMD5Sum:\n {MD5}  14 main/a\nSHA256:\n \
         {ALPHA} 14 main/a\n {} 15 main/b\n {BRAVO}\nSHA3-384:\n {ALPHA} 14 main/a\nLabel: y\n",
        &BRAVO[1..]
    );
    let read = [
        "6 main/a 14 bytes: md5",
        "8 main/a 14 bytes: sha256",
        "9 main/b 15 bytes: SHA256 63 of 64",
        "10 unread",
        "12 main/a 14 bytes: SHA3-384",
    ];
    assert_eq!(short(release.as_bytes()), read);
    let signed = format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{release}-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n"
    );
    assert_eq!(short(signed.as_bytes()).len(), read.len());
    let changes = format!(
        "Format: 1.8\nBinary:\n a\n b\nChecksums-Sha256:\n {ALPHA} 14 a_1.dsc\nFiles:\n {MD5} 14 libs optional a_1.dsc\n\n{BRAVO}  c\n"
    );
    let read = ["6 a_1.dsc 14 bytes: sha256", "8 a_1.dsc 14 bytes: md5", "10 c: any of 32"];
    assert_eq!(short(changes.as_bytes()), read);
    // Without such a block, fields are findings, and such lines have the size in the name.
    assert_eq!(short(format!("Origin: x\n {MD5} 14 a\n").as_bytes()), ["1 unread", "2 14 a: md5"]);
}

#[test]
fn a_checksum_of_a_standard_input_names_no_file() {
    for (line, read) in [
        (format!("SHA256(stdin)= {ALPHA}"), "1 (input or stdin): sha256"),
        (format!("SHA2-256(stdin)= {ALPHA}"), "1 (input or stdin): sha256"),
        (format!("MD5(stdin)= {MD5}"), "1 (input or stdin): md5"),
        (format!("(stdin)= {ALPHA}"), "1 (input or stdin): any of 32"),
        (format!("{ALPHA} *stdin"), "1 (input or stdin): any of 32"),
        (format!("SHA256 (-) = {ALPHA}"), "1 (input): sha256"),
        (format!("SHA256(-)= {ALPHA}"), "1 (input): sha256"),
        (format!("{ALPHA}  -\n"), "1 (input): any of 32"),
        (format!("{ALPHA} *-"), "1 (input): any of 32"),
        (format!("{ALPHA}  ./-"), "1 ./-: any of 32"),
        // A key was used, so nothing can be compared.
        (format!("HMAC-SHA256(stdin)= {ALPHA}"), "1 (input or stdin): HMAC-SHA256"),
        // These name a file.
        (format!("SHA256 (stdin) = {ALPHA}"), "1 stdin: sha256"),
        (format!("{ALPHA}  stdin"), "1 stdin: any of 32"),
        (format!("SHA256(./stdin)= {ALPHA}"), "1 ./stdin: sha256"),
        (format!("(stdin)= {}", &ALPHA[2..]), "1 unread"),
    ] {
        assert_eq!(short(line.as_bytes()), [read], "{line}");
    }
}

#[test]
fn a_keyword_of_version_control_is_a_remark_whether_or_not_it_is_filled_in() {
    for keyword in ["$NetBSD$", "$NetBSD:$", "$NetBSD: $", "$Id: distinfo,v 1.2 2020/01/01 x Exp $", "$Id$ "] {
        assert_eq!(short(format!("{keyword}\n\nSHA256 (a) = {ALPHA}\n").as_bytes()), ["3 a: sha256"], "{keyword}");
    }
    for other in ["$", "$$", "$a", "$a b$", "$a: b$", "$: x $"] {
        assert_eq!(short(other.as_bytes()), ["1 unread"], "{other}");
    }
    assert_eq!(short(b"$RECYCLE.BIN 9f606eec\n$Id$ 9f606eec"), ["1 $RECYCLE.BIN: crc32", "2 $Id$: crc32"]);
}

#[test]
fn a_form_that_is_not_known_is_a_finding_for_each_of_its_lines() {
    let mtree = format!("#mtree\n/set type=file\n. type=dir\n    a.txt sha256digest={ALPHA}\n");
    assert_eq!(short(mtree.as_bytes()), ["2 unread", "3 unread", "4 unread"]);
}

#[test]
fn a_mistyped_digit_makes_no_checksum_of_another_algorithm() {
    for (digit, wrong) in [('0', 'O'), ('1', 'l'), ('c', 'g')] {
        let line = format!("{}  a.txt", BRAVO.replace(digit, &wrong.to_string()));
        assert_eq!(short(line.as_bytes()), ["1 unread"], "{line}");
    }
    let base64 = "tqmNnOmi2RSSiPo99C03fD5Cc3r9za9xTjPAoQC1EGA=  a.txt";
    assert_eq!(short(base64.as_bytes()), ["1 a.txt: any of 32"]);
}

#[test]
fn a_url_of_a_file_is_its_path_and_alone_it_is_no_line() {
    for (line, read) in [
        (format!("{ALPHA}  file:///a"), "1 /a: any of 32"),
        (format!("SHA256 (file:///x/a%20b) = {ALPHA}"), "1 /x/a b: sha256"),
        ("file:///a 9f606eec".to_owned(), "1 /a: crc32"),
        ("file:///a".to_owned(), "1 unread"),
        ("file:///a b".to_owned(), "1 unread"),
    ] {
        assert_eq!(short(line.as_bytes()), [read], "{line}");
    }
    assert_eq!(readings(b"file:/x/a%20b"), [&b"file:/x/a%20b"[..], b"/x/a b"], "as Java writes it");
    assert_eq!(readings(b"file:a"), [b"file:a"], "no path");
}

#[test]
fn what_is_missing_of_a_signed_text_or_stands_around_it_is_a_finding() {
    let head = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n";
    let line = |name: &str| format!("{ALPHA}  {name}\n");
    let signature = "-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n";
    let whole = format!("{head}{}{signature}", line("a"));
    assert_eq!(short(format!("{whole}\n# the end\n").as_bytes()), ["4 a: any of 32"]);
    assert_eq!(short(format!("{head}{}", line("a")).as_bytes()), ["4 a: any of 32", "4 unread"]);
    let cut = whole.strip_suffix("-----END PGP SIGNATURE-----\n").expect("an end");
    assert_eq!(short(cut.as_bytes()), ["4 a: any of 32", "7 unread"]);
    assert_eq!(short(format!("{whole}{}", line("b")).as_bytes()), ["4 a: any of 32", "9 unread"]);
    assert_eq!(short(format!("{}{whole}", line("b")).as_bytes()), ["1 b: any of 32", "2 unread", "5 a: any of 32"]);
}

#[test]
fn a_record_before_something_else_is_read_and_judged_as_a_line_is() {
    let record = format!("Algorithm : SHA256\nHash : {ALPHA}\nPath : r\n");
    let head = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n";
    let signature = "-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n";
    let certutil = format!("SHA256 hash of c:\n{ALPHA}\n");
    let hashdeep = format!("%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n6,{MD5},d\n");
    for (text, read) in [
        (format!("{record}{certutil}"), vec!["1 r: sha256", "5 c: sha256"]),
        (format!("{record}{hashdeep}"), vec!["1 r: sha256", "6 d 6 bytes: md5"]),
        (format!("{record}untrusted comment: x\ny\n"), vec!["1 r: sha256"]),
        (format!("{head}{record}{signature}"), vec!["4 r: sha256"]),
        (format!("{head}{record}"), vec!["4 r: sha256", "6 unread"]),
        (format!("{record}{head}{signature}"), vec!["1 r: sha256", "4 unread"]),
        (format!("{head}{signature}{record}"), vec!["8 unread"]),
        (format!("{head}{signature}{record}\n{record}\n"), vec!["8 unread", "12 unread"]),
    ] {
        assert_eq!(short(text.as_bytes()), read, "{text}");
    }
}

#[test]
fn a_file_with_the_name_of_a_heading_is_read() {
    let sfv = "TIMESTAMP 9F606EEC\nIGNORE 9F606EEC\nIGNORE me.txt 9F606EEC\nIGNORE distfiles\nTIMESTAMP = 1700000000\n";
    assert_eq!(short(sfv.as_bytes()), ["1 TIMESTAMP: crc32", "2 IGNORE: crc32", "3 IGNORE me.txt: crc32"]);
}

#[test]
fn a_line_that_is_damaged_is_a_finding_with_its_number() {
    let text = format!("{}  a\n{ALPHA}  b\nnothing of the kind\n{ALPHA}\\x\nSHA256 (c) = {MD5}\n", &ALPHA[1..]);
    let read = ["1 a: 63 digits", "2 b: any of 32", "3 unread", "4 unread", "5 c: SHA256 32 of 64"];
    assert_eq!(short(text.as_bytes()), read);
}

#[test]
fn a_hash_of_another_length_than_its_algorithm_has_belongs_to_the_file_that_its_line_names() {
    let cut = &ALPHA[..62];
    for (text, read) in [
        (format!("SHA256 (a b) = {cut}"), "1 a b: SHA256 62 of 64"),
        (format!("SHA256 (a) = {cut}0"), "1 a: SHA256 63 of 64"),
        (format!("sha512 (a) = {ALPHA}\r"), "1 a: sha512 64 of 128"),
        // In base64 it would have the 48 bytes of SHA-384.
        (format!("SHA384 (a) = {ALPHA}"), "1 a: SHA384 64 of 96"),
        (format!("SHA2-256(a)= {}", with_colons(cut)), "1 a: SHA2-256 62 of 64"),
        (format!("\\BLAKE3 (a\\nb) = {ALPHA}{ALPHA}"), "1 a\nb: BLAKE3 128 of 64"),
        (format!("SHA256          {cut}   C:\\x y"), "1  C:\\x y: SHA256 62 of 64"),
        (format!("sha256:{cut}  a"), "1 a: sha256 62 of 64"),
        (format!("Algorithm : SHA256\nHash : {cut}\nPath : a\n"), "1 a: SHA256 62 of 64"),
        (format!("SHA256 hash of a:\n{cut}\n"), "2 a: SHA-256 62 of 64"),
        (format!("{cut} *a"), "1 a: 62 digits"),
        (format!("{}  a", &ALPHA[..16]), "1 a: 16 digits"),
        (format!("SHA256 (a) = {cut}x"), "1 unread"),
        (format!("{cut}  -"), "1 unread"),
        (format!("{}  a", &ALPHA[..15]), "1 unread"),
    ] {
        assert_eq!(short(text.as_bytes()), [read], "{text}");
    }
}

#[test]
fn a_tagged_line_is_read_up_to_its_last_mark_and_an_algorithm_that_is_not_supported_is_named() {
    for (line, read) in [
        (format!("SHA256(x) = y)= {ALPHA}"), "1 x) = y: sha256"),
        (format!("SHA2-256(sub/(x) = y.txt)= {ALPHA}"), "1 sub/(x) = y.txt: sha256"),
        (format!("BLAKE2S-256(sub/(x) = y.txt)= {ALPHA}"), "1 sub/(x) = y.txt: blake2s"),
        (format!("SHA256 (x)= y) = {ALPHA}"), "1 x)= y: sha256"),
        (format!("sha256 ( a ) = {ALPHA}"), "1  a : sha256"),
        ("XXH64 (a) = 44bc2cf5ad770999".to_owned(), "1 a: XXH64"),
        ("XXH64_LE (a) = 44bc2cf5ad770999".to_owned(), "1 a: XXH64_LE"),
        (format!("SHA3-384(a)= {ALPHA}"), "1 a: SHA3-384"),
        (format!("BLAKE2b-128 (a) = {MD5}"), "1 a: BLAKE2b-128"),
        ("TTH (a) = ASD7UJSEH5ULZNWCKCBTCXZ6FWWRTCZTEX2BDQA".to_owned(), "1 a: TTH"),
        ("CRC32 (a) = 9F606EEC".to_owned(), "1 a: crc32"),
        ("remark (a) = no checksum".to_owned(), "1 unread"),
    ] {
        assert_eq!(short(line.as_bytes()), [read], "{line}");
    }
}

proptest! {
    #[test]
    fn what_headway_writes_is_read_back(name in prop::collection::vec(1u8..=255, 1..20), next in "[a-z]{1,9}") {
        let text = [line(ALPHA, &name), line(BRAVO, next.as_bytes())].concat();
        let written = if name == b"-" { b"./-".to_vec() } else { name };
        let lines = all(&text);
        prop_assert_eq!(lines.len(), 2, "{:?}", lines);
        for (entry, name) in lines.iter().zip([written, next.into_bytes()]) {
            let ManifestLine::Entry(ManifestEntry { name: Name::Readings(readings), sums, .. }) = entry else {
                return Err(TestCaseError::fail(format!("{entry:?}")));
            };
            prop_assert_eq!((&readings[0], sums.len()), (&name, 1));
        }
    }

    #[test]
    fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        all(&bytes);
    }

    #[test]
    fn nor_do_pieces_of_manifests(
        pieces in prop::collection::vec(prop::sample::select(vec![
            ALPHA, MD5, "9f606eec", " ", "  ", "*", "\t", "\n", "\r", "\0", "\\", "\"", ",", "(", ") = ", ")= ", "SHA256", "SIZE", "6",
            "a", "/", "..", "%%%% size,md5,filename", "Algorithm : ", "Hash : ", "Path : ", "\"Hash\",\"Path\"\n", "#", ";", "-----", "\u{feff}",
            "-----BEGIN PGP SIGNED MESSAGE-----\n", "Filename   CRC-32\n", "untrusted comment: ", "\u{e9}",
        ]), 0..30),
    ) {
        for line in all(pieces.concat().as_bytes()) {
            if let ManifestLine::Entry(ManifestEntry { name: Name::Readings(readings), .. }) = line {
                prop_assert!(!readings.is_empty() && readings.iter().all(|reading| !reading.is_empty()));
            }
        }
    }
}

/// Each form that a reader of its own reads.
fn forms() -> Vec<String> {
    vec![
        format!("{ALPHA}  a b\n\\{BRAVO}  a\\nb\nSHA256 (c) = {ALPHA}\nd {MD5} 9f606eec\n{MD5}\n"),
        format!("%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## hashdeep -r .\n##\n6,{MD5},{ALPHA},/a/b\n"),
        format!(
            "<?xml version='1.0' encoding='UTF-8'?>\n<dfxml xmlversion='1.0'>\n<fileobject><filename>a &amp; b</filename>\
             <filesize>6</filesize><byte_runs><byte_run len='3'/></byte_runs><hashdigest type='MD5'>{MD5}</hashdigest>\
             </fileobject>\n</dfxml>\n"
        ),
        format!("\r\nAlgorithm : SHA256\r\nHash      : {ALPHA}\r\nPath      : C:\\a\\b.txt\r\n\r\n"),
        format!("\"Algorithm\",\"Hash\",\"Path\"\n\"MD5\",\"{MD5}\",\"C:\\a\"\"b\"\n"),
        "; Generated by cfv\n;\na b.txt 9f606eec\nc.txt\t9F606EEC\n".to_owned(),
        format!("magnet:?xl=6&dn=a%20b&xt=urn:md5:{MD5}&xt=urn:btih:{MD5}\n"),
        format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nSHA256:\n {ALPHA} 6 main/a\n-----BEGIN PGP SIGNATURE-----\n\nx\n\
             -----END PGP SIGNATURE-----\n"
        ),
        format!("DIST a.tar.gz 6 SHA512 {ALPHA}{BRAVO} MD5 {MD5}\n"),
    ]
}

#[test]
fn every_damaged_manifest_is_read_to_its_end_and_each_line_has_its_number() {
    for form in forms() {
        let utf16 = [0xfeff].into_iter().chain(form.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for text in [form.into_bytes(), utf16] {
            damaged_by(&text, 300, |bytes| {
                for line in all(bytes) {
                    let (ManifestLine::Unread { number, .. } | ManifestLine::Entry(ManifestEntry { number, .. })) =
                        line;
                    assert!((1..=bytes.len() as u64 + 1).contains(&number), "line {number}: {bytes:?}");
                }
                Ok::<(), Failure>(())
            });
        }
    }
}

#[test]
fn utf16_that_ends_in_the_middle_of_a_character_is_a_finding_and_its_last_line_is_not_believed() {
    let little = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let marked = |text: &str| [&[0xff, 0xfe][..], &little(text)].concat();
    let line = |name: &str| format!("{ALPHA}  {name}\r\n");
    let whole = marked(&format!("{}{}", line("a"), line("b")));
    assert_eq!(short(&whole), ["1 a: any of 32", "2 b: any of 32"]);
    let in_name = marked(&format!("{}{ALPHA}  bravo", line("a")));
    assert_eq!(short(&in_name[..in_name.len() - 1]), ["1 a: any of 32", "2 unread"]);
    let half_pair = marked(&format!("{}{ALPHA}  \u{1F600}", line("a")));
    assert_eq!(short(&half_pair[..half_pair.len() - 2]), ["1 a: any of 32", "2 unread"]);
    assert_eq!(short(&whole[..whole.len() - 1]), ["1 a: any of 32", "2 unread"], "its line has lost its end");
    assert_eq!(short(&[&whole[..], b"x"].concat()), ["1 a: any of 32", "2 b: any of 32", "3 unread"]);
    assert_eq!(short(&marked(&line("a"))[..41]), ["1 unread"]);
}
