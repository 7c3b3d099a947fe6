import type { Command } from "commander";

export type Shell = "bash" | "zsh" | "fish";

export interface CompletionTree {
  /** Words that lead here: `["agents", "create"]`, empty for the top. */
  path: string[];
  commands: { name: string; summary: string }[];
  /** `--name` flags, the short ones left out. */
  flags: { name: string; summary: string }[];
}

/** Every place in a program where something can be completed: the top, its commands, their commands. */
export function readCompletionTree(command: Command, path: string[] = []): CompletionTree[] {
  const globals = command.parent?.options ?? [];
  const here: CompletionTree = {
    path,
    commands: command.commands.map((child) => ({ name: child.name(), summary: child.description() })),
    flags: [...command.options, ...globals].flatMap(({ long, description }) =>
      long === undefined || long === null ? [] : [{ name: long, summary: description }],
    ),
  };
  here.flags.push({ name: "--help", summary: "explain the command" });
  return [here, ...command.commands.flatMap((child) => readCompletionTree(child, [...path, child.name()]))];
}

/** A script that the shell reads once; it knows the commands and flags of this version and asks nothing of a server. */
export function renderCompletion(shell: Shell, tree: readonly CompletionTree[]): string {
  switch (shell) {
    case "bash":
      return renderBash(tree);
    case "zsh":
      return renderZsh(tree);
    case "fish":
      return renderFish(tree);
    default:
      return shell satisfies never;
  }
}

function wordsOf(place: CompletionTree): string {
  return [...place.commands, ...place.flags].map(({ name }) => name).join(" ");
}

function renderBash(tree: readonly CompletionTree[]): string {
  const cases = tree.map((place) => `    "${place.path.join(" ")}") words="${wordsOf(place)}" ;;`);
  return `# bash completion of runyard
_runyard() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${tree
        .filter((place) => place.path.length > 0)
        .map((place) => `"${place.path.join(" ")}"`)
        .join("|")}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _runyard runyard
`;
}

function renderZsh(tree: readonly CompletionTree[]): string {
  const cases = tree.map(
    (place) =>
      `    "${place.path.join(" ")}") words=(${[...place.commands, ...place.flags].map(describeForZsh).join(" ")}) ;;`,
  );
  return `#compdef runyard
_runyard() {
  local place="" word
  local -a words_before words
  words_before=("\${(@)words[2,CURRENT-1]}")
  for word in $words_before; do
    case "\${place:+$place }$word" in
      ${tree
        .filter((place) => place.path.length > 0)
        .map((place) => `"${place.path.join(" ")}"`)
        .join("|")}) place="\${place:+$place }$word" ;;
    esac
  done
  case "$place" in
${cases.join("\n")}
  esac
  _describe 'runyard' words || _files
}
if [ "$funcstack[1]" = "_runyard" ]; then _runyard "$@"; else compdef _runyard runyard; fi
`;
}

function renderFish(tree: readonly CompletionTree[]): string {
  const lines = tree.flatMap((place) => {
    const at = `"__runyard_at ${place.path.join(" ")}"`.replace(' "', '"');
    return [
      ...place.commands.map(
        ({ name, summary }) => `complete -c runyard -f -n ${at} -a ${quoteForFish(name)} -d ${quoteForFish(summary)}`,
      ),
      ...place.flags.map(
        ({ name, summary }) => `complete -c runyard -n ${at} -l ${name.slice(2)} -d ${quoteForFish(summary)}`,
      ),
    ];
  });
  const paths = tree.filter((place) => place.path.length > 0).map((place) => quoteForFish(place.path.join(" ")));
  return `# fish completion of runyard
function __runyard_at
    set -l place
    for word in (commandline -opc)[2..]
        set -l further (string join ' ' $place $word)
        if contains -- $further ${paths.join(" ")}
            set place $further
        end
    end
    test "$place" = "$argv"
end
${lines.join("\n")}
`;
}

function quoteForZsh(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function quoteForFish(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function describeForZsh({ name, summary }: { name: string; summary: string }): string {
  return quoteForZsh(`${name.replaceAll(":", "\\:")}:${summary}`);
}
