#compdef badline
# Completes the words of badline in zsh: the program itself tells what could be typed next.
_badline() {
    local program=$words[1] found code line word help
    local -a whole open
    whence -p -- $program >/dev/null || program=PROGRAM
    found=$($program complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    code=$?
    for line in "${(@f)found}"; do
        [[ -n $line ]] || continue
        word=${line%%$'\t'*} help=${line#*$'\t'}
        [[ -n $help ]] && help=":$help"
        if [[ $word == *= ]]; then open+=("${word//:/\\:}$help"); else whole+=("${word//:/\\:}$help"); fi
    done
    _describe -t words 'word' whole
    _describe -t parameters 'parameter' open -S ''
    ((code == 1)) && _files
    return 0
}
if [[ $funcstack[1] == _badline ]]; then _badline "$@"; else compdef _badline badline; fi
