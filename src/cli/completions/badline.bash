# Completes the words of badline in bash: the program itself tells what could be typed next.
_badline() {
    local line=${COMP_LINE:0:${COMP_POINT:-0}} program=${COMP_WORDS[0]} code found one now head
    local words=()
    if [[ -n $line ]]; then
        read -ra words <<<"$line"
        [[ $line == *[[:blank:]] ]] && words+=("")
    else
        words=("${COMP_WORDS[@]:0:COMP_CWORD+1}")
    fi
    type -P -- "$program" >/dev/null || program=PROGRAM
    found=$("$program" complete -- "${words[@]:1}" 2>/dev/null)
    code=$?
    now=${words[${#words[@]}-1]}
    # What stands before the last `=` or `:` is a word of its own where bash parts words there.
    head=""
    [[ $COMP_WORDBREAKS == *=* && $now == *=* ]] && head=${now%"${now##*=}"}
    [[ $COMP_WORDBREAKS == *:* && ${now#"$head"} == *:* ]] && head=${now%"${now##*:}"}
    COMPREPLY=()
    while IFS=$'\t' read -r one _; do
        [[ -n $one ]] && COMPREPLY+=("${one#"$head"}")
    done <<<"$found"
    if ((code == 1)); then
        compopt -o filenames 2>/dev/null
        while IFS= read -r one; do
            [[ -n $one ]] && COMPREPLY+=("$one")
        done < <(compgen -f -- "${now#"$head"}")
    fi
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F _badline badline
