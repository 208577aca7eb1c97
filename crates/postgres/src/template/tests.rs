use super::*;

/// A template of what looks like a cluster to this module; its largest file has this many bytes.
fn template(folder: &Path, largest: usize) -> Template {
    let cluster = folder.join("cluster");
    fs::create_dir_all(cluster.join("base/1")).unwrap();
    fs::create_dir_all(cluster.join("base/2")).unwrap();
    fs::create_dir_all(cluster.join("pg_wal/archive_status")).unwrap();
    fs::create_dir_all(cluster.join("pg_stat_tmp")).unwrap();
    for (name, content) in [
        ("PG_VERSION", &b"16\n"[..]),
        ("postmaster.opts", b"-D"),
        ("pg_hba.conf", b"local all all trust"),
        ("base/1/1249", &vec![7; largest]),
        ("base/1/1249_fsm", &[7; 100]),
        ("base/1/1249_vm", &[7; 100]),
        ("base/1/1259", &[]),
        ("base/1/pg_internal.init", &[1]),
        ("base/2/1249", &[9; 700]),
        ("pg_wal/000000010000000000000001", &[1; 600]),
        ("pg_wal/000000010000000000000002", &[2; 600]),
        ("pg_stat_tmp/db_0.stat", &[1]),
    ] {
        fs::write(cluster.join(name), content).unwrap();
    }
    let file = folder.join(Template::file_name());
    pack(&cluster, "000000010000000000000002", &[2], "key", &file).unwrap();
    Template::open(&file, "key").unwrap()
}

fn unpack(template: &Template, into: &Path) -> Result<(), UnpackError> {
    fs::create_dir(into).unwrap();
    let account = Account::resolve().unwrap();
    template.unpack(into, &account)?.map_or(Ok(()), |rest| rest.unpack(into, &account))
}

/// A template with one part, of one entry.
fn of_entry(file: &Path, folders: &[&str], name: &str, kind: EntryType) -> Template {
    let mut entry = FileHeader::new_ustar();
    entry.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    entry.set_entry_type(kind);
    entry.set_size(3);
    entry.set_cksum();
    let mut content = entry.as_bytes().to_vec();
    content.extend(b"new");
    content.extend([0; BLOCK - 3]);
    let part = zstd::encode_all(&content[..], LEVEL).unwrap();
    let folders = folders.iter().map(PathBuf::from).collect();
    let bytes = assemble("key", folders, &[part], 1).unwrap();
    fs::write(file, bytes).unwrap();
    Template::open(file, "key").unwrap()
}

#[test]
fn what_the_cluster_needs_comes_back_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let template = template(folder.path(), 3 * BUFFER + 5);
    let into = folder.path().join("into");
    unpack(&template, &into).unwrap();
    let names = |folder: &str| {
        let entries = fs::read_dir(into.join(folder)).unwrap().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(""), ["PG_VERSION", "base", "pg_stat_tmp", "pg_wal"]);
    assert_eq!(names("base/1"), ["1249", "1259"]);
    assert_eq!(names("pg_wal"), ["000000010000000000000002", "archive_status"]);
    assert_eq!(names("pg_stat_tmp"), Vec::<String>::new());
    assert_eq!(fs::read(into.join("base/1/1249")).unwrap(), vec![7; 3 * BUFFER + 5]);
    assert_eq!(fs::read(into.join("base/1/1259")).unwrap(), Vec::<u8>::new());
}

#[test]
fn a_start_does_without_what_is_late() {
    let folder = tempfile::tempdir().unwrap();
    let template = template(folder.path(), 5);
    let into = folder.path().join("into");
    fs::create_dir(&into).unwrap();
    let account = Account::resolve().unwrap();
    let rest = template.unpack(&into, &account).unwrap().unwrap();
    assert!(into.join("base/1/1249").exists() && into.join("pg_wal/000000010000000000000002").exists());
    assert!(into.join("base/2").is_dir() && !into.join("base/2/1249").exists());
    rest.unpack(&into, &account).unwrap();
    assert_eq!(fs::read(into.join("base/2/1249")).unwrap(), [9; 700]);
}

#[test]
fn any_damage_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let template = template(folder.path(), BLOCK + 5);
    let sound = fs::read(template.path()).unwrap();
    for at in 0..sound.len() {
        for (how, bytes) in [("edited", edited(&sound, at)), ("cut", sound[..at].to_vec())] {
            fs::write(template.path(), bytes).unwrap();
            let Some(template) = Template::open(template.path(), "key") else { continue };
            let outcome = unpack(&template, &folder.path().join(format!("{how}-{at}")));
            assert!(matches!(outcome, Err(UnpackError::Damaged(_))), "{how} at {at}: {outcome:?}");
        }
    }
}

fn edited(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut edited = bytes.to_vec();
    edited[at] ^= 1 << (at % 8);
    edited
}

#[test]
fn nothing_is_written_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    let outside = folder.path().join("outside");
    let absolute = outside.to_str().unwrap();
    for (number, (folders, name, kind)) in [
        (&[][..], "../outside", EntryType::Regular),
        (&[], absolute, EntryType::Regular),
        (&["base"], "base/../../outside", EntryType::Regular),
        (&[], "link", EntryType::Symlink),
        (&[], "link", EntryType::Link),
        (&[], "folder", EntryType::Directory),
        (&["../outside"], "file", EntryType::Regular),
        (&[absolute], "file", EntryType::Regular),
    ]
    .into_iter()
    .enumerate()
    {
        let template = of_entry(&file, folders, name, kind);
        let outcome = unpack(&template, &folder.path().join(number.to_string()));
        assert!(matches!(outcome, Err(UnpackError::Damaged(_))), "{folders:?} {name} {kind:?}: {outcome:?}");
        assert!(!outside.exists());
    }
    // It is not the making of them that is wrong.
    let template = of_entry(&file, &["base"], "base/file", EntryType::Regular);
    unpack(&template, &folder.path().join("sound")).unwrap();
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_packed() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/etc", folder.path().join("pg_tblspc")).unwrap();
    let file = folder.path().join("file");
    assert!(pack(folder.path(), "", &[], "key", &file).unwrap_err().to_string().contains("pg_tblspc"));
    assert!(!file.exists());
}
