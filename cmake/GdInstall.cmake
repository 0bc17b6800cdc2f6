# GdInstall.cmake -- what `cmake --install` lays down: programs, library, header, pkg-config
# file, CMake package, manual pages and shell completions.
include(CMakePackageConfigHelpers)

target_include_directories(gdrun INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(TARGETS gdrun EXPORT gdrunTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
# Plugins stand in a folder of their own below the library's, where engine/plugin.c looks.
foreach(plugin gdrun_cuda gdrun_vendor gdrun_av)
  if(TARGET ${plugin})
    install(TARGETS ${plugin} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/gdrun)
  endif()
endforeach()
install(FILES engine/gdrun.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# ---- for programs that embed the library -----------------------------------------------------
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/gdrun)
install(EXPORT gdrunTargets NAMESPACE gdrun:: DESTINATION ${package_dir})
configure_package_config_file(cmake/gdrunConfig.cmake.in gdrunConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(gdrunConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/gdrunConfig.cmake
  ${PROJECT_BINARY_DIR}/gdrunConfigVersion.cmake
  DESTINATION ${package_dir})

# The prefix may be chosen at install time, so the file finds it from where it lies itself.
file(RELATIVE_PATH pc_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
set(pc_prefix "\${pcfiledir}/${pc_prefix}")
configure_file(cmake/gdrun.pc.in gdrun.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/gdrun.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# ---- programs, and what gdrun itself prints about them -------------------------------------
if(TARGET gdconvert)
  install(TARGETS gdconvert RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(TARGET gdrun_cli)
  install(TARGETS gdrun_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  set(doc_files)
  # One file that gdrun prints: gd_print_file(FILE DESTINATION arguments...)
  function(gd_print_file name destination)
    set(file ${PROJECT_BINARY_DIR}/doc/${name})
    add_custom_command(OUTPUT ${file} COMMAND gdrun_cli ${ARGN} > ${file}
      DEPENDS gdrun_cli VERBATIM)
    install(FILES ${file} DESTINATION ${destination})
    set(doc_files ${doc_files} ${file} PARENT_SCOPE)
  endfunction()
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/doc)
  set(share ${CMAKE_INSTALL_DATADIR})
  gd_print_file(gdrun.1 ${CMAKE_INSTALL_MANDIR}/man1 help --man gdrun)
  gd_print_file(gdconvert.1 ${CMAKE_INSTALL_MANDIR}/man1 help --man gdconvert)
  gd_print_file(gdrun ${share}/bash-completion/completions completion bash)
  gd_print_file(_gdrun ${share}/zsh/site-functions completion zsh)
  gd_print_file(gdrun.fish ${share}/fish/vendor_completions.d completion fish)
  add_custom_target(gdrun_documents ALL DEPENDS ${doc_files})
  # bash looks completions up by the name of the program.
  set(bash_link ${share}/bash-completion/completions/gdconvert)
  install(CODE "file(CREATE_LINK gdrun
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${bash_link}\" SYMBOLIC)")
endif()
