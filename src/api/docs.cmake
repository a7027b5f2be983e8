# cmake -DCMARK=… -DINPUT=… -DOUTPUT=… -P docs.cmake: a page of the documentation as HTML. cmark-gfm
# leaves raw HTML out unless it is told otherwise.
execute_process(COMMAND ${CMARK} --extension table --to html ${INPUT}
  OUTPUT_FILE ${OUTPUT} COMMAND_ERROR_IS_FATAL ANY)
