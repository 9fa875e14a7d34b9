# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for makedumpfile(8)
#
# Nothing here names an option that completes: options, and what kind of argument each
# takes, come from the usage text of the program that is being called. So
# the two cannot differ. Works without the bash-completion package.

# Options of `$1 --help`, one a line: spelling, blank, name of the argument if it takes one.
_makedumpfile_options() {
	"$1" --help 2>/dev/null | while IFS= read -r line; do
		[[ $line =~ ^'  '(-[A-Za-z])?(', ')?(--[a-z][a-z_-]*)?(' '([^ ]+))?('  '|$) ]] || continue
		[[ ${BASH_REMATCH[1]} ]] && printf '%s %s\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[5]}"
		[[ ${BASH_REMATCH[3]} ]] && printf '%s %s\n' "${BASH_REMATCH[3]}" "${BASH_REMATCH[5]}"
	done
}

# The words for $2, an argument called $1 in the usage text, of option $3.
_makedumpfile_argument() {
	case $1 in
	LEVEL | LEVELS)
		case $3 in
		--message-level) mapfile -t COMPREPLY < <(compgen -W '0 1 7 15 31' -- "$2") ;;
		*) mapfile -t COMPREPLY < <(compgen -W '0 1 16 17 31' -- "$2") ;;
		esac
		;;
	N) mapfile -t COMPREPLY < <(compgen -W "$(seq 0 "$(nproc 2>/dev/null || echo 1)")" -- "$2") ;;
	SETS) mapfile -t COMPREPLY < <(compgen -W 'keys cmdline keys,cmdline' -- "$2") ;;
	SIZE | KB | ORDER | ADDRESS) COMPREPLY=() ;;
	DIR)
		mapfile -t COMPREPLY < <(compgen -d -- "$2")
		compopt -o filenames 2>/dev/null
		;;
	*)
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
		compopt -o filenames 2>/dev/null
		;;
	esac
}

_makedumpfile() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local options argument

	# "--option=value" arrives as three words.
	if [[ $current == = ]]; then
		current=
	elif [[ $previous == = && COMP_CWORD -gt 2 ]]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	options=$(_makedumpfile_options "${COMP_WORDS[0]}")
	argument=$(awk -v option="$previous" '$1 == option { print $2 }' <<<"$options")
	if [[ $argument ]]; then
		_makedumpfile_argument "$argument" "$current" "$previous"
	elif [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(cut -d' ' -f1 <<<"$options")" -- "$current")
	else
		_makedumpfile_argument VMCORE "$current" ''
	fi
}

complete -F _makedumpfile makedumpfile
