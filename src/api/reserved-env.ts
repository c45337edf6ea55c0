/**
 * Variables that no tenant may set unless the platform says otherwise: by each of them who sets it runs code of its own in the
 * publisher's image, or answers for somebody else. No such list is ever whole: the real boundary is `tenantEnv` of a release.
 *
 * From what sudo deletes (plugins/sudoers/env.c), what glibc drops for programs with more rights (sysdeps/generic/unsecvars.h), and
 * public research on single interpreters, such as https://www.elttam.com/blog/env/.
 */

/** An entry of a list of variables: a name such as `LD_PRELOAD`, or a prefix such as `LD_*`. */
export const ENV_ENTRY = /^[A-Za-z_][A-Za-z0-9_]*\*?$/;
export const ENV_ENTRY_MESSAGE = 'Must be a variable such as LOG_LEVEL, or a prefix such as ACME_*';

/** Set by Kubernetes and by the operator: clients believe them. */
const OF_THE_CLUSTER = ['DOCUMENT_ROOT', 'HOSTNAME', 'KUBERNETES_*'];

/** Load code, files or other names into every process. */
const OF_THE_LOADER = [
  'DYLD_*',
  'GCONV_PATH',
  'GETCONF_DIR',
  'GLIBC_TUNABLES',
  'HOSTALIASES',
  'LD_*',
  'LOCALDOMAIN',
  'LOCPATH',
  'MALLOC_CONF',
  'MALLOC_TRACE',
  'NIS_PATH',
  'NLSPATH',
  'OPENSSL_CONF',
  'OPENSSL_ENGINES',
  'OPENSSL_MODULES',
  'RESOLV_HOST_CONF',
  'RES_OPTIONS',
  'SSLKEYLOGFILE',
];

/** Name programs and files that shells and their helpers run. */
const OF_SHELLS = [
  'BASHOPTS',
  'BASH_ENV',
  'BASH_FUNC_*',
  'BASH_XTRACEFD',
  'BROWSER',
  'CDPATH',
  'EDITOR',
  'ENV',
  'FPATH',
  'GLOBIGNORE',
  'IFS',
  'INPUTRC',
  'KSH_ENV',
  'LESSCLOSE',
  'LESSOPEN',
  'MANPAGER',
  'NULLCMD',
  'PAGER',
  'PATH',
  'PROMPT_COMMAND',
  'PS0',
  'PS1',
  'PS4',
  'READNULLCMD',
  'SHELL',
  'SHELLOPTS',
  'SSH_ASKPASS',
  'SUDO_ASKPASS',
  'SUDO_EDITOR',
  'VISUAL',
  'ZDOTDIR',
];

/** Options, start files and module paths of interpreters and virtual machines. */
const OF_LANGUAGES = [
  'BUN_OPTIONS',
  'CATALINA_OPTS',
  'CLASSPATH',
  'CORECLR_*',
  'COR_*',
  'DOTNET_ADDITIONAL_DEPS',
  'DOTNET_SHARED_STORE',
  'DOTNET_STARTUP_HOOKS',
  'ELIXIR_ERL_OPTIONS',
  'ERL_AFLAGS',
  'ERL_FLAGS',
  'ERL_LIBS',
  'ERL_ZFLAGS',
  'GEM_HOME',
  'GEM_PATH',
  'JAVA_OPTS',
  'JAVA_TOOL_OPTIONS',
  'JDK_JAVA_OPTIONS',
  'JVM_OPTS',
  'LUA_CPATH*',
  'LUA_INIT*',
  'LUA_PATH*',
  'NODE_EXTRA_CA_CERTS',
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_REPL_EXTERNAL_MODULE',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'PERL5DB',
  'PERL5DBCMD',
  'PERL5LIB',
  'PERL5OPT',
  'PERLIO_DEBUG',
  'PERLLIB',
  'PHPRC',
  'PHP_INI_SCAN_DIR',
  'PSMODULEPATH',
  'PYTHONBREAKPOINT',
  'PYTHONEXECUTABLE',
  'PYTHONHOME',
  'PYTHONINSPECT',
  'PYTHONPATH',
  'PYTHONPLATLIBDIR',
  'PYTHONSTARTUP',
  'PYTHONUSERBASE',
  'PYTHONWARNINGS',
  'RUBYLIB',
  'RUBYOPT',
  'RUBYPATH',
  'R_HOME',
  'R_PROFILE',
  'R_PROFILE_USER',
  'TCLLIBPATH',
  '_JAVA_OPTIONS',
];

/** Programs and plug-ins of tools that are run at work. */
const OF_TOOLS = [
  'ANSIBLE_*',
  'BUNDLE_GEMFILE',
  'CARGO_HOME',
  'COMPOSER_HOME',
  'CURL_HOME',
  'GIT_*',
  'GOENV',
  'GOFLAGS',
  'GOTOOLCHAIN',
  'GRADLE_OPTS',
  'HGRCPATH',
  'MAKEFLAGS',
  'MAVEN_OPTS',
  'NIX_CONFIG',
  'NPM_CONFIG_*',
  'RUSTC_WRAPPER',
  'WGETRC',
  'npm_config_*',
];

export const RESERVED_ENV: readonly string[] = [
  ...OF_THE_CLUSTER,
  ...OF_THE_LOADER,
  ...OF_SHELLS,
  ...OF_LANGUAGES,
  ...OF_TOOLS,
];

/** Whether one of the entries stands for `name`; one that ends in `*` stands for every name with that beginning. */
export function isNamedBy(name: string, entries: readonly string[]): boolean {
  return entries.some((entry) => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry));
}
