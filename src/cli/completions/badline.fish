# Completes the words of badline in fish: the program itself tells what could be typed next.
function __badline_words
    set -l typed (commandline -opc)
    set -l now (commandline -ct)
    set -l program $typed[1]
    command -q -- $program; or set program PROGRAM
    $program complete -- $typed[2..-1] "$now" 2>/dev/null
    if test $status -eq 1
        __fish_complete_path "$now"
    end
end
complete -c badline -f -a '(__badline_words)'
