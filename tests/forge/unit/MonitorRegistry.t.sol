// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MonitorRegistry} from "../../../contracts/oversight/MonitorRegistry.sol";
import {World} from "../support/World.sol";
import {vm} from "../support/Vm.sol";

/// @notice Who is admitted as a monitor.
contract MonitorRegistryTest is World {
    address private constant _NEW = address(0xF00);

    function test_admit__keepsNameAndUri() public {
        vm.assertFalse(monitorRegistry.isAdmitted(_NEW));
        vm.expectEmit(address(monitorRegistry));
        emit MonitorRegistry.MonitorAdmitted(_NEW, "new", "https://monitor");
        vm.prank(admin);
        monitorRegistry.admit(_NEW, "new", "https://monitor");
        vm.assertTrue(monitorRegistry.isAdmitted(_NEW));
        MonitorRegistry.Monitor memory monitor = monitorRegistry.monitorOf(_NEW);
        vm.assertEq(monitor.name, "new");
        vm.assertEq(monitor.uri, "https://monitor");
        vm.assertTrue(monitor.admitted);
    }

    function test_admit__zero_address_or_no_name__isRefused() public {
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(MonitorRegistry.MonitorInvalid.selector, address(0)));
        monitorRegistry.admit(address(0), "new", "");
        vm.expectRevert(abi.encodeWithSelector(MonitorRegistry.MonitorInvalid.selector, _NEW));
        monitorRegistry.admit(_NEW, "", "");
        vm.stopPrank();
    }

    function test_dismiss__barsItAndKeepsItsName() public {
        vm.expectEmit(address(monitorRegistry));
        emit MonitorRegistry.MonitorDismissed(monitors[0]);
        vm.startPrank(admin);
        monitorRegistry.dismiss(monitors[0]);
        vm.assertFalse(monitorRegistry.isAdmitted(monitors[0]));
        vm.assertEq(monitorRegistry.monitorOf(monitors[0]).name, "monitor 0");
        vm.expectRevert(abi.encodeWithSelector(MonitorRegistry.MonitorUnknown.selector, monitors[0]));
        monitorRegistry.dismiss(monitors[0]);
        vm.stopPrank();
    }

    function test_settings__by_others__areRefused() public {
        for (uint256 i = 0; i < 3; ++i) {
            address who = [STRANGER, monitors[0], address(governor)][i];
            address other = monitors[1];
            _unauthorized(who);
            monitorRegistry.admit(_NEW, "new", "");
            _unauthorized(who);
            monitorRegistry.dismiss(other);
        }
    }
}
