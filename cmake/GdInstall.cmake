# GdInstall.cmake -- what `cmake --install` lays down.
install(TARGETS gdrun LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES engine/gdrun.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
