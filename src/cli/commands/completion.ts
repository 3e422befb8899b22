// devstack completion: the script that lets a shell ask `devstack __complete`. All knowledge is there; the scripts only carry words.
import { usageError } from '../../model/error.ts';
import { quote } from '../../model/redact.ts';
import { defineCommand } from '../command.ts';

const BASH = `# devstack completion for bash. Use: eval "$(devstack completion bash)"
_devstack() {
  local line="\${COMP_LINE:0:COMP_POINT}" current prefix candidate
  local -a words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current="\${words[\${#words[@]}-1]}"
  # bash itself splits words at = and :, and replaces only what stands behind.
  prefix=""
  [[ $current == *[=:]* ]] && prefix="\${current%"\${current##*[=:]}"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    COMPREPLY+=("\${candidate#"$prefix"}")
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _devstack devstack
`;

const ZSH = `#compdef devstack
# devstack completion for zsh. Use: eval "$(devstack completion zsh)", after compinit
_devstack() {
  local line word
  local -a found described
  found=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $found; do
    word="\${line%%$'\\t'*}"
    described+=("\${word//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( $#described )); then _describe -t devstack devstack described; else _files; fi
}
compdef _devstack devstack
`;

const FISH = `# devstack completion for fish. Use: devstack completion fish | source
function __devstack_complete
  set -l words (commandline -opc)
  set -l program $words[1]
  set -e words[1]
  set -l found ($program __complete -- $words (commandline -ct) 2>/dev/null)
  if set -q found[1]
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c devstack -f -a '(__devstack_complete)'
`;

const POWERSHELL = `# devstack completion for PowerShell. Use: devstack completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName devstack -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  $where = @(if ($wordToComplete -eq '') { '--new-word' })
  devstack __complete @where -- @words 2>$null | ForEach-Object {
    $word, $summary = $_ -split "\`t", 2
    [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $(if ($summary) { $summary } else { $word }))
  }
}
`;

const SCRIPTS: { readonly [shell: string]: string } = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL };
const shells = (): readonly string[] => Object.keys(SCRIPTS);

export const completion = defineCommand({
  arguments: [{ name: 'shell', summary: `${shells().join(', ')}`, required: true, known: shells }],
  flags: {},
  description: 'Completes commands, flags, their values, and the names of the stacks that exist.',
  examples: [
    { command: 'eval "$(devstack completion bash)"', summary: 'in ~/.bashrc' },
    { command: 'eval "$(devstack completion zsh)"', summary: 'in ~/.zshrc, after compinit' },
    { command: 'devstack completion fish > ~/.config/fish/completions/devstack.fish', summary: 'once' },
    { command: 'devstack completion powershell | Out-String | Invoke-Expression', summary: 'in $PROFILE' },
  ],
  async run(input) {
    const shell = input.args[0] ?? '';
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
    if (script === undefined) {
      throw usageError({
        code: 'shell-unknown', message: `there is no completion for ${quote(shell)}; there is ${shells().join(', ')}`,
        hints: [{ text: 'for bash', command: 'eval "$(devstack completion bash)"' }],
      });
    }
    return { text: script, result: { shell, script } };
  },
});
