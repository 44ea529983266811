#!/bin/sh
# Print the connections that this machine has opened, in the form that the lookup migration_inventory reads as flows.
{ ss -Htln; echo; ss -Htn state established; } | awk -v OFS=, '
    function host(end) { sub(/:[^:]*$/, "", end); sub(/%.*/, "", end); gsub(/[][]/, "", end); sub(/^::ffff:/, "", end); return end }
    function port(end) { sub(/.*:/, "", end); return end }
    BEGIN { print "source,destination,port" }
    !NF { established = 1; next }
    !established { listening[port($4)] = 1; next }
    !(port($3) in listening) { print host($3), host($4), port($4) }'
