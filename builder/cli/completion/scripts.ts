/** Shells that there is a script for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
/** One of them. */
export type Shell = (typeof SHELLS)[number];

/*
 * Each script hands the words of the line to `tsbuild __complete`, which answers a line for each candidate, a tab
 * between it and its description, and at last a line that begins with a colon: which paths the shell offers beside them.
 */

const BASH = `# Completion of tsbuild in bash. In ~/.bashrc: source <(tsbuild completion bash)
_tsbuild() {
  local line=\${COMP_LINE:0:COMP_POINT} words current kept paths text
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current=\${words[\${#words[@]} - 1]}
  # bash cuts words at = and : as well, and replaces what follows the last of them alone.
  kept=
  [[ $COMP_WORDBREAKS == *=* && $current == -*=* ]] && kept=\${current%"\${current##*=}"}
  [[ $COMP_WORDBREAKS == *:* && $current == *:* ]] && kept=\${current%"\${current##*:}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r text _; do
    case $text in
      :*) paths=$text ;;
      *) COMPREPLY+=("\${text#"$kept"}") ;;
    esac
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
  current=\${current#"$kept"}
  case $paths in
    :files) compopt -o filenames; while IFS= read -r text; do COMPREPLY+=("$text"); done < <(compgen -f -- "$current") ;;
    :directories) compopt -o filenames; while IFS= read -r text; do COMPREPLY+=("$text"); done < <(compgen -d -- "$current") ;;
  esac
}
complete -F _tsbuild tsbuild
`;

const ZSH = `#compdef tsbuild
# Completion of tsbuild in zsh. In ~/.zshrc, after compinit: source <(tsbuild completion zsh)
_tsbuild() {
  local line paths
  local -a found
  while IFS= read -r line; do
    case $line in
      :*) paths=$line ;;
      *$'\\t'*) found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) found+=("\${line//:/\\\\:}") ;;
    esac
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( ${"$"}#found )) && _describe -t values tsbuild found
  case $paths in
    :files) [[ $PREFIX == -*=* ]] && compset -P '*='; _files ;;
    :directories) [[ $PREFIX == -*=* ]] && compset -P '*='; _files -/ ;;
  esac
}
# Read by source, or found by compinit as a file named _tsbuild.
if [[ $funcstack[1] == _tsbuild ]]; then _tsbuild "$@"; else compdef _tsbuild tsbuild; fi
`;

const FISH = `# Completion of tsbuild in fish. tsbuild completion fish >~/.config/fish/completions/tsbuild.fish
function __tsbuild_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found ($words[1] __complete -- $words[2..-1] $current 2>/dev/null)
    if test (count $found) -gt 1
        printf '%s\\n' $found[1..-2]
    end
    switch "$found[-1]"
        case :files
            __fish_complete_path $current
        case :directories
            __fish_complete_directories $current ''
    end
end
complete -c tsbuild -f -a '(__tsbuild_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** The script that teaches a shell tsbuild's words. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
