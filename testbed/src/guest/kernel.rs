//! A kernel for a guest, and its modules.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::apt;

/// A kernel that was unpacked, but not installed.
#[derive(Debug)]
pub(crate) struct Kernel {
    pub(crate) image: PathBuf,
    modules: PathBuf,
}

impl Kernel {
    /// The current kernel of the distribution for virtual machines; from `cache`, if it is there.
    pub(crate) fn fetch(cache: &Path) -> Result<Self, String> {
        let package = apt::dependency(METAPACKAGE)?;
        let folder = cache.join(&package);
        let failed = |error| format!("{}: {error}", folder.display());
        fs::create_dir_all(cache).map_err(failed)?;
        // Two tests may want it at once. The lock ends with the file.
        let lock = File::create(cache.join("lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        if !folder.is_dir() {
            let partial = cache.join("partial");
            let _ = fs::remove_dir_all(&partial);
            fs::create_dir(&partial).map_err(failed)?;
            apt::unpack(&package, &partial)?;
            fs::rename(&partial, &folder).map_err(failed)?;
        }
        let version = package.strip_prefix("linux-image-").unwrap_or(&package);
        let image = folder.join("boot").join(format!("vmlinuz-{version}"));
        if !image.is_file() {
            return Err(format!("{}: expected the kernel of `{package}`", image.display()));
        }
        let modules = [folder.join("lib/modules"), folder.join("usr/lib/modules")];
        let modules = modules.into_iter().find(|path| path.is_dir()).unwrap_or_default();
        Ok(Self { image, modules: modules.join(version) })
    }

    /// The files of modules and of those that they depend on, in an order in which they can be
    /// loaded. A module that is built into the kernel has none.
    pub(crate) fn modules(&self, names: &[&str]) -> Result<Vec<Vec<u8>>, String> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut files = BTreeMap::new();
        list(&self.modules.join("kernel"), &mut files)
            .map_err(|error| format!("{}: {error}", self.modules.display()))?;
        let built_in = fs::read_to_string(self.modules.join("modules.builtin"))
            .map_err(|error| format!("{}: {error}", self.modules.display()))?;
        let built_in: Vec<_> = built_in.lines().filter_map(|path| name(Path::new(path))).collect();
        let mut loaded = Vec::new();
        let mut seen = built_in;
        for name in names {
            load(&name.replace('-', "_"), &files, &mut seen, &mut loaded)?;
        }
        Ok(loaded)
    }
}

/// Adds a module after those that it depends on.
fn load(
    name: &str,
    files: &BTreeMap<String, PathBuf>,
    seen: &mut Vec<String>,
    loaded: &mut Vec<Vec<u8>>,
) -> Result<(), String> {
    if seen.iter().any(|other| other == name) {
        return Ok(());
    }
    seen.push(name.to_owned());
    let path = files.get(name).ok_or_else(|| format!("the kernel has no module `{name}`"))?;
    let content = crate::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    for dependency in dependencies(&content) {
        load(&dependency, files, seen, loaded)?;
    }
    loaded.push(content);
    Ok(())
}

/// A module says what it depends on in its section `.modinfo`: words with a NUL after each.
fn dependencies(module: &[u8]) -> Vec<String> {
    let words = module.split(|&byte| byte == 0);
    let names = words.into_iter().find_map(|word| word.strip_prefix(b"depends="));
    let names = String::from_utf8_lossy(names.unwrap_or_default());
    names.split(',').filter(|name| !name.is_empty()).map(|name| name.replace('-', "_")).collect()
}

fn list(folder: &Path, files: &mut BTreeMap<String, PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            list(&path, files)?;
        } else if let Some(name) = name(&path) {
            files.insert(name, path);
        }
    }
    Ok(())
}

/// The name of the module in a file such as `sch-htb.ko.xz`.
fn name(path: &Path) -> Option<String> {
    let (name, _) = path.file_name()?.to_str()?.split_once(".ko")?;
    Some(name.replace('-', "_"))
}

/// Depends on the current kernel for virtual machines, whose drivers are few.
const METAPACKAGE: &str = "linux-image-cloud-amd64";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_come_after_those_that_they_depend_on() {
        let folder = std::env::temp_dir().join(format!("apportion-modules-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut files = BTreeMap::new();
        for (name, depends) in [("a", "b,c-d"), ("b", "c-d,e"), ("c-d", ""), ("f", "g")] {
            let path = folder.join(format!("{name}.ko"));
            fs::write(&path, format!("x\0license=GPL\0depends={depends}\0name={name}\0")).unwrap();
            files.insert(super::name(&path).unwrap(), path);
        }
        let (mut seen, mut loaded) = (vec!["e".to_owned()], Vec::new());
        load("a", &files, &mut seen, &mut loaded).unwrap();
        let missing = load("f", &files, &mut seen, &mut Vec::new());
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(missing, Err("the kernel has no module `g`".to_owned()));
        let names: Vec<_> = loaded
            .iter()
            .map(|module| String::from_utf8_lossy(module).split_once("name=").unwrap().1.to_owned())
            .collect();
        assert_eq!(names, ["c-d\0", "b\0", "a\0"]);
    }
}
