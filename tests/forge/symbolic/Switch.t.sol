// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breach, Case, CaseKind} from "../../../contracts/interfaces/IKillSwitch.sol";
import {IModelRegistry} from "../../../contracts/interfaces/IModelRegistry.sol";
import {State, Status} from "../../../contracts/interfaces/IModelStatus.sol";
import {FrameTimes, IPolicyBook} from "../../../contracts/interfaces/IPolicyBook.sol";
import {IReportHub} from "../../../contracts/interfaces/IReportHub.sol";
import {TribuneAccessManager} from "../../../contracts/governance/TribuneAccessManager.sol";
import {KillSwitch} from "../../../contracts/oversight/KillSwitch.sol";
import {MonitorRegistry} from "../../../contracts/oversight/MonitorRegistry.sol";
import {SwitchParameters} from "../../../contracts/oversight/switch/SwitchParameters.sol";
import {vm} from "../support/Vm.sol";

/// @notice Stands for registry and policy book: each model is in service in version 1 and every frame is to come.
contract InService {
    function activeVersion(uint256) external pure returns (uint32) {
        return 1;
    }

    function hasPolicy(uint256) external pure returns (bool) {
        return true;
    }

    function evaluationSetOf(uint256, uint32) external pure returns (bytes32) {
        return bytes32(uint256(1));
    }

    function frameTimes(uint256, uint64) external pure returns (FrameTimes memory) {
        return FrameTimes(type(uint48).max, type(uint48).max, type(uint48).max, type(uint48).max);
    }
}

/**
 * @title SwitchSymbolic
 * @notice What holds of the kill switch for every input, not only for those that a fuzzer tries.
 * @dev Run by halmos (`make symbolic`), which follows all paths with symbolic arguments and times.
 */
contract SwitchSymbolic {
    uint64 private constant _PAUSE = 1;
    uint64 private constant _HUB = 2;
    uint64 private constant _GUARDIAN = 3;
    address private constant _ADMIN = address(0xAD);
    address private constant _GOVERNOR = address(0x60);
    address private constant _HUB_ADDRESS = address(0x4B);
    address private constant _GUARD = address(0x6A);
    uint48 private constant _GENESIS = 1_800_000_000;
    uint48 private constant _CAP = 5000;
    uint48 private constant _WINDOW = 1000;
    uint256 private constant _MODEL = 1;

    KillSwitch private _switch;
    MonitorRegistry private _monitors;
    TribuneAccessManager private _access;

    function setUp() public {
        vm.warp(_GENESIS);
        InService stub = new InService();
        _access = new TribuneAccessManager(address(this));
        SwitchParameters memory least;
        SwitchParameters memory most;
        (most.budget, most.refill, most.hardCap, most.margin) = (1e6, 500_000, 1e6, 1e6);
        (most.openWindow, most.cooldown, most.guardianPeriod) = (1e6, 1e6, 1e6);
        (most.guardianModels, most.haltBudget) = (10, 1e6);
        SwitchParameters memory value;
        (value.budget, value.refill, value.hardCap, value.margin) = (9000, 100_000, _CAP, 100);
        (value.openWindow, value.cooldown, value.guardianPeriod) = (_WINDOW, 3000, 10_000);
        (value.guardianModels, value.haltBudget) = (2, 4000);
        _switch = new KillSwitch(
            address(_access), IModelRegistry(address(stub)), IPolicyBook(address(stub)), least, value, most
        );
        _monitors = new MonitorRegistry(address(_access));
        _assign();
        vm.warp(_GENESIS + 1);
    }

    /// @notice A suspension always ends: at its bound at the latest, which is within the cap, whatever comes meanwhile.
    function check_suspension__ends(Breach calldata breach, uint32 after_, Breach calldata further) public {
        _assumeFromHub(breach);
        _assumeFromHub(further);
        vm.prank(_HUB_ADDRESS);
        _switch.trip(breach);
        Status memory status = _switch.statusOf(_MODEL);
        vm.assume(status.state == State.Suspended);
        assert(status.until > block.timestamp && status.until <= block.timestamp + _CAP);
        vm.assume(after_ < _CAP && block.timestamp + after_ < status.until);
        vm.warp(block.timestamp + after_);
        vm.prank(_HUB_ADDRESS);
        _switch.trip(further);
        assert(_switch.statusOf(_MODEL).until == status.until);
        vm.warp(status.until);
        assert(_switch.isOperational(_MODEL));
    }

    /// @notice The guardian's suspension ends in the same way, and its halt with the halt budget.
    function check_guardian__ends(bytes32 evidence, uint32 after_) public {
        vm.assume(after_ >= _CAP);
        vm.startPrank(_GUARD);
        _switch.guardianSuspend(_MODEL, evidence);
        _switch.guardianHalt();
        vm.stopPrank();
        vm.warp(block.timestamp + after_);
        assert(_switch.isOperational(_MODEL));
    }

    /// @notice No account without a role reaches pause, resume, trip, set or admit.
    function check_stranger__reaches_nothing(
        address who,
        uint8 which,
        Breach calldata breach,
        uint256 a,
        uint64 b,
        bytes32 c
    ) public {
        vm.assume(who != _ADMIN && who != _GOVERNOR && who != _HUB_ADDRESS && who != _GUARD);
        if (which < 14) {
            assert(!_call(who, address(_switch), _onSwitch(which, breach, a, b, c)));
        } else if (which == 14) {
            assert(!_call(who, address(_monitors), abi.encodeCall(_monitors.admit, (who, "name", ""))));
        } else if (which == 15) {
            assert(!_call(who, address(_monitors), abi.encodeCall(_monitors.dismiss, (who))));
        } else {
            assert(!_call(who, address(_access), abi.encodeCall(_access.grantRole, (b, who, 0))));
        }
    }

    /// @notice A case can be voted on, within its window; and once, whenever it is tried again.
    function check_case__votable_exactly_once(Breach calldata breach, uint32 first, uint32 second, uint256 vote)
        public
    {
        _assumeFromHub(breach);
        vm.prank(_HUB_ADDRESS);
        uint256 caseId = _switch.openBreachCase(breach);
        assert(caseId != 0);
        vm.warp(block.timestamp + first);
        bool due = first <= _WINDOW;
        assert(_call(_GOVERNOR, address(_switch), abi.encodeCall(_switch.markVote, (caseId, vote))) == due);
        vm.warp(block.timestamp + second);
        if (due) assert(!_call(_GOVERNOR, address(_switch), abi.encodeCall(_switch.markVote, (caseId, vote))));
    }

    /// @notice A vote has at most one effect: pausing twice by one case, or by one epoch, is refused.
    function check_vote__one_effect(Breach calldata breach, uint64 epoch, uint256 caseId) public {
        _assumeFromHub(breach);
        vm.prank(_HUB_ADDRESS);
        uint256 opened = _switch.openBreachCase(breach);
        bool paused = _call(_GOVERNOR, address(_switch), abi.encodeCall(_switch.pause, (_MODEL, caseId, epoch)));
        assert(paused == (caseId == opened && epoch == 0));
        if (!paused) return;
        assert(!_call(_GOVERNOR, address(_switch), abi.encodeCall(_switch.pause, (_MODEL, caseId, epoch))));
        assert(_switch.statusOf(_MODEL).state == State.Paused && _switch.statusOf(_MODEL).epoch == 1);
    }

    /// @dev What the hub passes on: of a model that there is, and nothing but breaches and stale frames.
    function _assumeFromHub(Breach calldata breach) private pure {
        vm.assume(breach.modelId == _MODEL && (breach.kind == CaseKind.Breach || breach.kind == CaseKind.Stale));
    }

    /// @dev One of the restricted calls of the switch.
    function _onSwitch(uint8 which, Breach calldata breach, uint256 a, uint64 b, bytes32 c)
        private
        view
        returns (bytes memory)
    {
        if (which == 0) return abi.encodeCall(_switch.pause, (a, uint256(c), b));
        if (which == 1) return abi.encodeCall(_switch.resume, (a, uint32(b), b));
        if (which == 2) return abi.encodeCall(_switch.openHolderCase, (a, CaseKind.HolderPause, uint32(b), c));
        if (which == 3) return abi.encodeCall(_switch.markVote, (a, uint256(c)));
        if (which == 4) return abi.encodeCall(_switch.setVoteSpan, (uint48(b)));
        if (which == 5) return abi.encodeCall(_switch.trip, (breach));
        if (which == 6) return abi.encodeCall(_switch.openBreachCase, (breach));
        if (which == 7) return abi.encodeCall(_switch.guardianSuspend, (a, c));
        if (which == 8) return abi.encodeCall(_switch.guardianHalt, ());
        if (which == 9) return abi.encodeCall(_switch.setParameters, (_switch.parameters()));
        if (which == 10) return abi.encodeCall(_switch.setHub, (IReportHub(address(uint160(a)))));
        if (which == 11) return abi.encodeCall(_switch.retire, (a));
        if (which == 12) return abi.encodeCall(_switch.halt, (uint48(b)));
        return abi.encodeCall(_switch.rearm, (new uint256[](1)));
    }

    function _call(address who, address to, bytes memory data) private returns (bool ok) {
        vm.prank(who);
        (ok,) = to.call(data);
    }

    function _assign() private {
        bytes4[] memory votes = new bytes4[](5);
        votes[0] = _switch.pause.selector;
        votes[1] = _switch.resume.selector;
        votes[2] = _switch.openHolderCase.selector;
        votes[3] = _switch.markVote.selector;
        votes[4] = _switch.setVoteSpan.selector;
        _access.setTargetFunctionRole(address(_switch), votes, _PAUSE);
        bytes4[] memory breaches = new bytes4[](2);
        breaches[0] = _switch.trip.selector;
        breaches[1] = _switch.openBreachCase.selector;
        _access.setTargetFunctionRole(address(_switch), breaches, _HUB);
        bytes4[] memory guards = new bytes4[](2);
        guards[0] = _switch.guardianSuspend.selector;
        guards[1] = _switch.guardianHalt.selector;
        _access.setTargetFunctionRole(address(_switch), guards, _GUARDIAN);
        _access.grantRole(_PAUSE, _GOVERNOR, 0);
        _access.grantRole(_HUB, _HUB_ADDRESS, 0);
        _access.grantRole(_GUARDIAN, _GUARD, 0);
        _access.grantRole(0, _ADMIN, 0);
        _access.renounceRole(0, address(this));
    }
}
