"""Stand-ins for the repositories that a Bazel without modules would download.

Of the rules they have those that Bazel up to version 7 has built in; of PyPI an empty library for
each module that BUILD names, since the modules are those of the interpreter.
"""

load("//:tools/bazel/third_party.bzl", "packages")

_PUBLIC = "visibility = [\"//visibility:public\"]"

def _written_impl(repository):
    for path, text in repository.attr.files.items():
        repository.file(path, text)

def _pypi_impl(repository):
    for call in repository.read(Label("//:BUILD")).split(" third_party(")[1:]:
        for module in call.split(")")[0].split("\"")[1::2]:
            for name in packages(module):
                repository.file(name + "/BUILD", "py_library(name = \"%s\", %s)" % (name, _PUBLIC))

_written = repository_rule(_written_impl, attrs = {"files": attr.string_dict()})
_pypi = repository_rule(_pypi_impl)

def _rules(name, folder, rules):
    text = "".join(["%s = native.%s\n" % (rule, rule) for rule in rules.split(" ")])
    _written(name = name, files = {folder + "/BUILD": "", folder + "/defs.bzl": text})

def offline_repositories():
    """Defines @rules_python and @pypi, and what Bazel's own files load."""
    _rules("rules_python", "python", "py_binary py_library py_test")
    _pypi(name = "pypi")
    _rules("rules_cc", "cc", "cc_binary cc_library cc_test cc_toolchain cc_toolchain_suite")
    _rules("rules_java", "java", "java_import java_runtime java_toolchain")
    coverage = "filegroup(name = \"coverage_report_generator\", %s)" % _PUBLIC
    _written(name = "remote_coverage_tools", files = {"BUILD": coverage})
