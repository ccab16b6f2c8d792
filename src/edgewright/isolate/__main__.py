from edgewright.isolate.host import main

main()
