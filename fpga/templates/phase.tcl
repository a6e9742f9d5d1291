# A phase of a tool: a failure becomes the exit status, success leaves a mark.

proc phase {name body} {
    if {[catch {uplevel 1 $body} message options]} {
        puts stderr "ERROR: phase $name failed: $message"
        puts stderr [dict get $options -errorinfo]
        exit 1
    }
    # A mark of our own: the tools leave files behind even where they failed.
    close [open "$name.done" w]
    exit 0
}
