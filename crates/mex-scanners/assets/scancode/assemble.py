# Completes a folder that holds scancode's packages (`packages/`) to a tool that needs nothing else:
# the python that runs this, its standard library, everything compiled. Prints what python it is.
# Run by provisioning with the python of a virtual environment: assemble.py FOLDER
import compileall
import os
import platform
import shutil
import sys
import sysconfig
from py_compile import PycInvalidationMode

if sys.version_info < (3, 10) or sys.version_info >= (3, 15):
    sys.exit("python 3.10 to 3.14 is needed, and this is " + platform.python_version())

target = os.path.abspath(sys.argv[1])
packages = os.path.join(target, "packages")

# The interpreter, under the tool's own name.
base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
shutil.copyfile(base, os.path.join(target, "scancode"))
library = os.path.join(target, "lib")
os.makedirs(library)
if sysconfig.get_config_var("Py_ENABLE_SHARED"):
    shared = sysconfig.get_config_var("INSTSONAME")
    shutil.copyfile(os.path.join(sysconfig.get_config_var("LIBDIR"), shared), os.path.join(library, shared))

# The standard library, without what no program needs.
LEFT_OUT = {
    "site-packages", "dist-packages", "__pycache__", "test", "tests", "idlelib", "turtledemo",
    "ensurepip", "lib2to3", "pydoc_data", "tkinter", "sitecustomize.py", "usercustomize.py",
}


def left_out(folder, names):
    return [
        name for name in names
        if name in LEFT_OUT or name.startswith("config-")
        or os.path.islink(os.path.join(folder, name)) and not os.path.isfile(os.path.join(folder, name))
    ]


version = "python%d.%d" % sys.version_info[:2]
shutil.copytree(sysconfig.get_path("stdlib"), os.path.join(library, version), ignore=left_out)

# scancode's index is built and shipped with it; the texts it was built from are not read again.
data = os.path.join(packages, "licensedcode", "data")
for name in ("rules", "licenses", "inactive"):
    shutil.rmtree(os.path.join(data, name), ignore_errors=True)
if not os.path.isfile(os.path.join(data, "cache", "license_index", "index_cache")):
    sys.exit("the packages hold no license index")
shutil.rmtree(os.path.join(packages, "bin"), ignore_errors=True)
shutil.copyfile(os.path.join(os.path.dirname(os.path.abspath(__file__)), "launch.py"),
                os.path.join(target, "launch.py"))

# By content and not by time, so that a copied tool is as fast. What is no valid python stays as it is.
for folder in (library, packages):
    compileall.compile_dir(
        folder, maxlevels=40, quiet=2, workers=0, stripdir=target,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)

for folder, _, names in os.walk(target):
    os.chmod(folder, 0o755)
    for name in names:
        path = os.path.join(folder, name)
        if os.path.islink(path):
            sys.exit("%s is a link" % path)
        os.chmod(path, 0o644)
os.chmod(os.path.join(target, "scancode"), 0o755)
print("%s %s %s" % (platform.python_implementation(), platform.python_version(), platform.machine()))
