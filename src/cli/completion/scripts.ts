export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What stands in place of suggestions where names of files may stand. */
export const filesMark = ':files';

// Each script hands the words up to the cursor to `mfa complete`, which answers a line for each suggestion: the word, a tab, what it
// means. So nothing in a script can lag behind the program. What is typed is handed on as words and never evaluated.

/** Runs with bash 3.2, which macOS has. */
const bash = `# mfa completion for bash. In ~/.bashrc:  source <(mfa completion bash)
_mfa() {
  local rest=\${COMP_LINE:0:COMP_POINT} words=() count=0 index word line typed before
  # Bash also divides words at = and : (COMP_WORDBREAKS); those between which nothing stands are one.
  for ((index = 0; index <= COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ $index -eq 0 || $rest == [[:space:]]* ]]; then
      rest=\${rest#"\${rest%%[![:space:]]*}"}
      count=$((count + 1))
      words[count - 1]=
    fi
    [[ $index -eq $COMP_CWORD ]] && word=$rest
    words[count - 1]+=$word
    rest=\${rest#"$word"}
  done
  typed=\${words[count - 1]}
  # Readline keeps what stands before the last = or : of the word.
  before=\${typed%"\${typed##*[=:]}"}
  [[ $COMP_WORDBREAKS == *=* ]] || before=
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ${filesMark} ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "\${typed#"$before"}")
      return
    fi
    word=\${line%%$'\\t'*}
    COMPREPLY+=("\${word#"$before"}")
  done < <("\${COMP_WORDS[0]}" complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _mfa mfa
`;

const zsh = `#compdef mfa
# mfa completion for zsh. In ~/.zshrc, behind compinit:  source <(mfa completion zsh)
_mfa() {
  local -a typed suggestions
  local line
  typed=("\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}")
  for line in "\${(@f)$("\${(Q)words[1]}" complete -- "\${typed[@]}" 2>/dev/null)}"; do
    if [[ $line == ${filesMark} ]]; then
      compset -P '--*='
      _files
      return
    fi
    [[ -n $line ]] && suggestions+=("\${\${\${line%%$'\\t'*}//:/\\\\:}}:\${line#*$'\\t'}")
  done
  _describe mfa suggestions
}
if [[ $funcstack[1] == _mfa ]]; then
  _mfa "$@"
else
  compdef _mfa mfa
fi
`;

const fish = `# mfa completion for fish. Once:  mfa completion fish > ~/.config/fish/completions/mfa.fish
function __mfa_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l lines ($program complete -- $words "$current" 2>/dev/null)
    if test "$lines" = ${filesMark}
        __fish_complete_path (string replace -r -- '^--[^=]*=' '' "$current")
    else
        printf '%s\\n' $lines
    end
end
complete -c mfa -f -a '(__mfa_complete)'
`;

/** What a shell has to read so that it completes `mfa`. */
export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
