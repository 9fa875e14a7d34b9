# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by an interactive `zsh -f`: Tab prints what would be offered for the line, one
# word a line between two marks, as "word" or "word -- description".

autoload -Uz compinit
compinit -u -D

# Every match passes through compadd: note the words it takes.
compadd() {
	local -a taken
	[[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] && { builtin compadd "$@"; return }
	builtin compadd -O taken "$@"
	(( $#taken )) && print -rl -- $taken
	builtin compadd "$@"
}

capture() {
	print -r -- '<<<'
	_main_complete
	print -r -- '>>>'
	compstate[insert]='' compstate[list]=''
}

zle -C capture complete-word capture
bindkey '^I' capture
unsetopt zle_bracketed_paste 2>/dev/null
PS1='' RPS1=''
stty -echo
