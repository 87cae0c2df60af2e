# tandem_add_worker(name sources...): a worker program that serves the tasks which its sources name with tandem::task<f>.
# Its main is made here; give its path to tandem::launch::executable().
function(tandem_add_worker name)
    add_executable(${name} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/worker_main.cpp ${ARGN})
    target_link_libraries(${name} PRIVATE tandem::tandem)
endfunction()
